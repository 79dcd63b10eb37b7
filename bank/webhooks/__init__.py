"""Webhooks: what was sealed is told to addresses outside, signed, again and again until it arrived."""
