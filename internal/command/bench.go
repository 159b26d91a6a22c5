package command

type benchCmd struct{}
