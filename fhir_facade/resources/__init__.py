"""Where resources come from: the read-only replica, a live source, and several of them answering as one."""
