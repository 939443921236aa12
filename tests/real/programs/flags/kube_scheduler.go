package main

import (
	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func flags() *pflag.FlagSet {
	command := app.NewSchedulerCommand()
	command.InitDefaultHelpFlag()
	return command.Flags()
}
