package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/server"
	utilcompatibility "k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/apiserver/pkg/util/feature"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/compatibility"
	logs "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register" // as every program does, for logs of this format
	"k8s.io/klog/v2"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app/options"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/controlplane"
	"k8s.io/kubernetes/pkg/controlplane/reconcilers"
	kubeletvalidation "k8s.io/kubernetes/pkg/kubelet/apis/config/validation"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
)

// Links all that the kubelet consists of, which registers gates of its own.
var _ = kubeletapp.NewKubeletCommand

// A program's flags and what it says to their values.
type program struct {
	name string
	// What it does not start without.
	needs map[string]any
	// Registers its flags anew, and what looks at their values.
	fresh func() (*pflag.FlagSet, *logs.LoggingConfiguration, func() error)
}

// What kthw gives programs beside what they need, as far as it meets other settings.
var ours = map[string]map[string]any{
	"kube-apiserver": {
		"authorization-mode": "Node,RBAC", "enable-admission-plugins": "NodeRestriction", "tls-min-version": "VersionTLS13",
	},
	"kube-controller-manager": {"cluster-signing-cert-file": "/kthw.crt", "cluster-signing-key-file": "/kthw.key", "tls-min-version": "VersionTLS13"},
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(new(bytes.Buffer))
	// The controller manager of 1.34 opens this gate when it registers its flags, which no gate lets it do twice.
	const watching = "WatchListClient"
	if gates := feature.DefaultMutableFeatureGate; !gates.GetAll()[watching].Default {
		if err := gates.OverrideDefault(watching, true); err != nil {
			panic(err)
		}
	}
	folder, err := os.MkdirTemp("", "values")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	if slices.Contains(os.Args, "answer") {
		checks := make(map[string]func(map[string]any) error)
		for _, program := range programs(folder) {
			checks[program.name] = func(values map[string]any) error {
				all := maps.Clone(program.needs)
				maps.Copy(all, ours[program.name])
				maps.Copy(all, values)
				return program.check(all)
			}
		}
		answer(checks)
		return
	}
	words := constants(map[string][]string{
		"k8s.io/kubernetes":     {"plugin/pkg/admission", "pkg/kubeapiserver", "pkg/controlplane/reconcilers", "cmd/kube-controller-manager/names", "pkg/proxy/apis/config"},
		"k8s.io/apiserver":      {"pkg/admission/plugin", "pkg/server/options", "pkg/apis/audit", "pkg/storage/storagebackend"},
		"k8s.io/component-base": {"logs/api/v1"},
	})
	words = slices.Concat(words, cliflag.TLSCipherPossibleValues(), cliflag.TLSPossibleVersions(), controllers.KnownControllers())
	for alias := range controllers.ControllerAliases() {
		words = append(words, alias)
	}
	// Some flags name folders that programs make.
	if err := os.Chdir(folder); err != nil {
		panic(err)
	}
	for _, program := range programs(folder) {
		flags, _, _ := program.fresh()
		var fields []field
		flags.VisitAll(func(flag *pflag.Flag) {
			if kind := kindOf(flag); kind != "" && flag.Deprecated == "" {
				fields = append(fields, field{flag.Name, kind})
			}
		})
		target{
			name:      program.name,
			fields:    fields,
			documents: []string{string(text(program.needs))},
			check:     program.check,
			words:     words,
			// Neither is a set: one is a header of the user's own choice, the other a version.
			skip:  []string{"requestheader-uid-headers", "show-hidden-metrics-for-version"},
			about: func(path string) string { return flags.Lookup(path).Usage },
		}.print()
	}
}

// The kind of a flag whose values are looked at.
func kindOf(flag *pflag.Flag) string {
	switch flag.Value.Type() {
	case "string", "stringSlice", "stringArray", "LocalMode", "ProxyMode":
		return "string"
	case "int", "int64":
		return "int64"
	case "int32":
		return "int32"
	case "uint":
		return "uint32"
	case "duration":
		return "duration"
	}
	return ""
}

// What the program says to flags with these values.
func (p program) check(values map[string]any) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("%v", panicked)
		}
	}()
	flags, logging, look := p.fresh()
	flags.SetOutput(io.Discard)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range written(flags.Lookup(name), values[name]) {
			if err := flags.Set(name, value); err != nil {
				return err
			}
		}
	}
	// Every program of Kubernetes looks at these in the same way, most of them only when they serve.
	if suites := flags.Lookup("tls-cipher-suites"); suites != nil {
		if _, err := cliflag.TLSCipherSuites(suites.Value.(pflag.SliceValue).GetSlice()); err != nil {
			return err
		}
		if _, err := cliflag.TLSVersion(flags.Lookup("tls-min-version").Value.String()); err != nil {
			return err
		}
	}
	if err := logs.Validate(logging, feature.DefaultFeatureGate, nil).ToAggregate(); err != nil {
		return err
	}
	return look()
}

// What follows the flag's name on a command line, once for each time that it is given: not at all for null.
func written(flag *pflag.Flag, value any) (texts []string) {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		for _, item := range value {
			texts = append(texts, fmt.Sprint(item))
		}
		if !slices.Contains([]string{"stringArray", "namedCertKey"}, flag.Value.Type()) {
			texts = []string{strings.Join(texts, ",")}
		}
		return texts
	}
	return []string{fmt.Sprint(value)}
}

func merged(sets cliflag.NamedFlagSets) *pflag.FlagSet {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, set := range sets.FlagSets {
		all.AddFlagSet(set)
	}
	return all
}

// The versions that one set of flags decides; programs keep theirs for good.
func versions() compatibility.ComponentGlobalsRegistry {
	versions := compatibility.NewComponentGlobalsRegistry()
	if err := versions.Register(compatibility.DefaultKubeComponent, utilcompatibility.DefaultBuildEffectiveVersion(), nil); err != nil {
		panic(err)
	}
	return versions
}

func programs(folder string) []program {
	return []program{
		{"kube-apiserver", map[string]any{
			"etcd-servers": "http://127.0.0.1:1", "service-account-issuer": "https://kthw", "cert-dir": folder,
			"service-account-signing-key-file": key(folder), "service-account-key-file": key(folder),
			"service-cluster-ip-range": "10.0.0.0/24", "advertise-address": "10.1.0.1", "audit-log-path": "-",
			"audit-webhook-config-file": "/kthw",
		}, func() (*pflag.FlagSet, *logs.LoggingConfiguration, func() error) {
			options := apiserver.NewServerRunOptions()
			versions := versions()
			options.GenericServerRunOptions.ComponentGlobalsRegistry = versions
			return merged(options.Flags()), options.Logs, func() error {
				if err := versions.Set(); err != nil {
					return err
				}
				completed, err := options.Complete(context.Background())
				if err != nil {
					return err
				}
				if errs := completed.Validate(); len(errs) > 0 {
					return utilerrors.NewAggregate(errs)
				}
				config, err := options.Authentication.ToAuthenticationConfig()
				if err != nil {
					return err
				}
				// What a reader of tokens finds out when it is made.
				for _, issuer := range config.AuthenticationConfig.JWT {
					if _, err := oidc.New(ended(), oidc.Options{JWTAuthenticator: issuer, SupportedSigningAlgs: config.OIDCSigningAlgs, DisallowedIssuers: config.ServiceAccountIssuers}); err != nil {
						return err
					}
				}
				generic := server.NewConfig(legacyscheme.Codecs)
				generic.EffectiveVersion = versions.EffectiveVersionFor(compatibility.DefaultKubeComponent)
				resources := controlplane.DefaultAPIResourceConfigSource()
				if err := completed.APIEnablement.ApplyTo(generic, resources, legacyscheme.Scheme); err != nil {
					return err
				}
				// What is found out only when the server is made.
				if options.Features.EnablePriorityAndFairness && options.GenericServerRunOptions.MaxRequestsInFlight+options.GenericServerRunOptions.MaxMutatingRequestsInFlight <= 0 {
					return fmt.Errorf("nothing to share out among requests in flight")
				}
				if !slices.Contains(reconcilers.AllTypes, reconcilers.Type(options.EndpointReconcilerType)) {
					return fmt.Errorf("unknown endpoint reconciler type: %v", options.EndpointReconcilerType)
				}
				return nil
			}
		}},
		{"kube-controller-manager", map[string]any{}, func() (*pflag.FlagSet, *logs.LoggingConfiguration, func() error) {
			options, err := controllermanager.NewKubeControllerManagerOptions()
			if err != nil {
				panic(err)
			}
			all, off, aliases := controllers.KnownControllers(), controllers.ControllersDisabledByDefault(), controllers.ControllerAliases()
			versions := versions()
			options.ComponentGlobalsRegistry = versions
			return merged(options.Flags(all, off, aliases)), options.Logs, func() error {
				if err := versions.Set(); err != nil {
					return err
				}
				return options.Validate(all, off, aliases)
			}
		}},
		{"kube-scheduler", map[string]any{}, func() (*pflag.FlagSet, *logs.LoggingConfiguration, func() error) {
			options := scheduler.NewOptions()
			config, err := latest.Default()
			if err != nil {
				panic(err)
			}
			options.ComponentConfig = config
			return merged(*options.Flags), options.Logs, func() error { return utilerrors.NewAggregate(options.Validate()) }
		}},
		{"kube-proxy", map[string]any{}, func() (*pflag.FlagSet, *logs.LoggingConfiguration, func() error) {
			options, set, logging := proxy.NewOptions(), pflag.NewFlagSet("", pflag.ContinueOnError), logs.NewLoggingConfiguration()
			options.AddFlags(set)
			return set, logging, func() error {
				if err := options.Complete(set); err != nil {
					return err
				}
				return options.Validate()
			}
		}},
		{"kubelet", map[string]any{"fail-cgroupv1": false, "container-runtime-endpoint": "unix:///kthw"}, func() (*pflag.FlagSet, *logs.LoggingConfiguration, func() error) {
			config, err := kubelet.NewKubeletConfiguration()
			if err != nil {
				panic(err)
			}
			set, flags := pflag.NewFlagSet("", pflag.ContinueOnError), kubelet.NewKubeletFlags()
			flags.AddFlags(set)
			kubelet.AddKubeletConfigFlags(set, config)
			return set, &config.Logging, func() error {
				if err := kubelet.ValidateKubeletFlags(flags); err != nil {
					return err
				}
				return kubeletvalidation.ValidateKubeletConfiguration(config, feature.DefaultFeatureGate)
			}
		}},
	}
}

// A context in which nobody is asked for anything.
func ended() context.Context {
	context, end := context.WithCancel(context.Background())
	end()
	return context
}

// A key that tokens of service accounts can be signed with.
func key(folder string) string {
	path := filepath.Join(folder, "key")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		panic(err)
	}
	return path
}

func text(values map[string]any) []byte {
	text, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	return text
}
