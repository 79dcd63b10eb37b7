"""Who people are and what they may do: users, roles, the policy module, and signing in and out."""
