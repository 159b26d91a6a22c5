// Package configs holds the examples that an installer begins with. It never holds a secret or anything of one site.
package configs

import _ "embed"

// Notice is the example notice.
//
//go:embed notice.example.yaml
var Notice []byte
