// Edged-courier is the room that travels: it carries words to the fleet's broker and requests back. It never sees a
// face; its walls let it connect to the broker and touch its own folder, no more.
package main

import (
	"os"

	"example.org/edged/internal/courier"
	"example.org/edged/internal/room"
)

func main() { os.Exit(room.Main("courier", courier.Run)) }
