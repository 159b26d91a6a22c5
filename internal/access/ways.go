package access

import "example.org/edged/internal/wire"

// Health is which ways in work at this moment. It knows no person: what is offered is offered to everybody.
type Health struct{ PIN, Card, Face bool }

// Offered are the ways in that a door offers, in the order of the screen. A face stands beside at least one other way or
// not at all: where the others fail it would be the only one, and nobody may be made to use it (Measures for facial
// recognition 2025, article 10).
func Offered(h Health) (ways []wire.Method) {
	if h.PIN {
		ways = append(ways, wire.MethodPIN)
	}
	if h.Card {
		ways = append(ways, wire.MethodCard)
	}
	if h.Face && len(ways) > 0 {
		ways = append(ways, wire.MethodFace)
	}
	return ways
}
