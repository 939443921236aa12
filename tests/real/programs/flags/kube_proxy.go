package main

import (
	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-proxy/app"
)

func flags() *pflag.FlagSet {
	command := app.NewProxyCommand()
	command.InitDefaultHelpFlag()
	return command.Flags()
}
