// Edged-keeper is the room that knows. It never opens a socket.
package main

import (
	"os"

	"example.org/edged/internal/keeper"
	"example.org/edged/internal/room"
)

func main() { os.Exit(room.Main("keeper", keeper.Run)) }
