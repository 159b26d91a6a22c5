package template

// Numbers is what a handle stands for, turned as it lies in memory.
func (a *Arena) Numbers(t Template) (v [Len]float32) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if b := a.at(t); b != nil {
		v = *numbers(b)
	}
	return v
}
