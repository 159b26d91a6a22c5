package keysmith

// After lets a test stop between two steps, as a power cut would.
func (s *Store) After(step func(name string) error) { s.step = step }
