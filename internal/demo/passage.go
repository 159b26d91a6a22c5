package demo

type passageCmd struct{}
