package main

import (
	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func flags() *pflag.FlagSet {
	command := app.NewAPIServerCommand()
	command.InitDefaultHelpFlag()
	return command.Flags()
}
