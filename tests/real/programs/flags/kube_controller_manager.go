package main

import (
	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func flags() *pflag.FlagSet {
	command := app.NewControllerManagerCommand()
	command.InitDefaultHelpFlag()
	return command.Flags()
}
