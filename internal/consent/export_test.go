package consent

// Encode and Scan are the form by hand, Seal what gives a record its number.
func Encode(r Record) []byte       { return r.encode() }
func Scan(b []byte) (Record, bool) { return scan(b, nil) }
func Seal(r Record) Record         { return r.seal() }
