// Package lang holds the words of the screen, a file for each language. It never holds a word of one site.
package lang

import "embed"

// Files are the languages, as CODE.json.
//
//go:embed *.json
var Files embed.FS
