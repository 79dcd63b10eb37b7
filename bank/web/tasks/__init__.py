"""What people do at the bank, one task each: form, check answers, done once, receipt."""
