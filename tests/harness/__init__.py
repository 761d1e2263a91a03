"""What the end-to-end tests share: real processes, and clients that are not ours."""
