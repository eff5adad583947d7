"""What people would pick instead, as small servers that are run in environments of their own."""
