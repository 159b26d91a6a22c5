package command

import (
	"fmt"
)

type benchCmd struct {
	Accuracy benchAccuracyCmd `cmd:"" help:"Measure error rates on pictures of your own; nothing is stored."`
	Liveness benchLivenessCmd `cmd:"" help:"Measure how often a print or a screen passes for a living face, and how often a person does not."`
	Enrol    benchEnrolCmd    `cmd:"" help:"Measure how many pictures pass each gate of an enrolment."`
	Search   benchSearchCmd   `cmd:"" help:"Measure how fast somebody is found among many, beside a plain exact scan."`
	Passage  benchPassageCmd  `cmd:"" help:"Measure how long a passage takes, and what the rooms cost."`
	Rest     benchRestCmd     `cmd:"" help:"Measure what an eye costs that watches an empty hall, and perhaps somebody in it."`
	Vault    benchVaultCmd    `cmd:"" help:"Measure a full vault: start, withdrawal, erasure, size. The people in it do not exist."`
}

type benchPassageCmd struct {
	Models   string `help:"Folder of the model pack." default:"${models}" type:"path"`
	Passages int    `help:"How many passages by face, and as many by PIN." default:"40"`
	People   int    `help:"How many people who do not exist are enrolled beside the one who passes." default:"10000"`
	JSON     bool   `help:"Answer in JSON." name:"json"`
}

// Run starts the program that plays the visitors, as `edged demo` does.
func (c *benchPassageCmd) Run(t *tools) error {
	args := []string{"passage", "--models", c.Models, "--passages", fmt.Sprint(c.Passages), "--people", fmt.Sprint(c.People)}
	if c.JSON {
		args = append(args, "--json")
	}
	return t.visitor(args...)
}
