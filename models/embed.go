// Package models holds the manifests of the model packs that edged knows. It never holds a model: those are fetched
// by the installer and checked against the manifest.
package models

import _ "embed"

// Faceplugin is the manifest of the default pack.
//
//go:embed faceplugin.yaml
var Faceplugin []byte

// OpenCVZoo is the manifest of YuNet and SFace, which the installer brings.
//
//go:embed opencv-zoo.yaml
var OpenCVZoo []byte
