package consent

// Encode and Scan are the form by hand.
func Encode(r Record) []byte       { return r.encode() }
func Scan(b []byte) (Record, bool) { return scan(b) }
