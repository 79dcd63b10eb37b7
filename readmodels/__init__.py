"""The read side: every projection, its tables and its queries; one file a projection."""
