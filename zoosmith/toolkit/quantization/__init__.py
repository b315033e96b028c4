"""Dynamic and static INT8, bitsandbytes, and which layers to leave out."""
