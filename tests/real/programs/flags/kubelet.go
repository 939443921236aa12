package main

import (
	"github.com/spf13/pflag"
	"k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/cmd/kubelet/app/options"
)

// The kubelet parses its flags itself, so that its command has none.
func flags() *pflag.FlagSet {
	config, err := options.NewKubeletConfiguration()
	if err != nil {
		panic(err)
	}
	set := pflag.NewFlagSet("kubelet", pflag.ContinueOnError)
	options.NewKubeletFlags().AddFlags(set)
	options.AddKubeletConfigFlags(set, config)
	options.AddGlobalFlags(set)
	set.Bool("help", false, "")
	return set
}

// Links all that the kubelet consists of, which registers gates of its own.
var _ = app.NewKubeletCommand
