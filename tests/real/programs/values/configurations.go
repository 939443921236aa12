package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/admission"
	resourcequota "k8s.io/apiserver/pkg/admission/plugin/resourcequota/apis/resourcequota/v1"
	webhookadmission "k8s.io/apiserver/pkg/admission/plugin/webhook/config/apis/webhookadmission/v1"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"
	apiservervalidation "k8s.io/apiserver/pkg/apis/apiserver/validation"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	auditpolicy "k8s.io/apiserver/pkg/audit/policy"
	authenticationcel "k8s.io/apiserver/pkg/authentication/cel"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/util/feature"
	cliflag "k8s.io/component-base/cli/flag"
	_ "k8s.io/component-base/logs/json/register" // as every program does, for logs of this format
	"k8s.io/klog/v2"
	kubeletv1 "k8s.io/kubelet/config/v1beta1"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"
	"k8s.io/kubernetes/pkg/kubeapiserver/options"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	kubeletscheme "k8s.io/kubernetes/pkg/kubelet/apis/config/scheme"
	kubeletvalidation "k8s.io/kubernetes/pkg/kubelet/apis/config/validation"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubelet/cm/cpumanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/memorymanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager"
	"k8s.io/kubernetes/pkg/kubelet/eviction"
	proxyconfig "k8s.io/kubernetes/pkg/proxy/apis/config"
	proxyscheme "k8s.io/kubernetes/pkg/proxy/apis/config/scheme"
	proxyvalidation "k8s.io/kubernetes/pkg/proxy/apis/config/validation"
	schedulerconfig "k8s.io/kubernetes/pkg/scheduler/apis/config"
	schedulerscheme "k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
	schedulervalidation "k8s.io/kubernetes/pkg/scheduler/apis/config/validation"
	schedulerplugins "k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	eventratelimit "k8s.io/kubernetes/plugin/pkg/admission/eventratelimit/apis/eventratelimit/v1alpha1"
	podtolerationrestriction "k8s.io/kubernetes/plugin/pkg/admission/podtolerationrestriction/apis/podtolerationrestriction/v1alpha1"
	podsecurityload "k8s.io/pod-security-admission/admission/api/load"
	podsecurity "k8s.io/pod-security-admission/admission/api/v1"
	podsecurityvalidation "k8s.io/pod-security-admission/admission/api/validation"
)

// Links all that the kubelet consists of, which registers gates of its own.
var _ = kubeletapp.NewKubeletCommand

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(new(bytes.Buffer))
	targets := slices.Concat([]target{kubelet(), proxy()}, scheduler(), []target{audit(), authentication()}, plugins())
	if slices.Contains(os.Args, "answer") {
		checks := make(map[string]func(map[string]any) error)
		for _, target := range targets {
			checks[target.name] = target.check
		}
		answer(checks)
		return
	}
	for _, target := range targets {
		target.skip = append(target.skip, "apiVersion", "kind", "featureGates", "featureGates.*", "showHiddenMetricsForVersion")
		target.print()
	}
}

// The published type of a kind.
func typeOf(scheme *runtime.Scheme, group, version, kind string) []field {
	published, ok := scheme.KnownTypes(schema.GroupVersion{Group: group, Version: version})[kind]
	if !ok {
		panic("no kind " + kind)
	}
	return fieldsOf(published, "")
}

func text(document map[string]any) []byte {
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return text
}

func kubelet() target {
	scheme, codecs, err := kubeletscheme.NewSchemeAndCodecs(serializer.EnableStrict)
	if err != nil {
		panic(err)
	}
	header := `{"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "containerRuntimeEndpoint": "unix:///kthw", "failCgroupV1": false`
	words := constants(map[string][]string{
		"k8s.io/kubernetes":     {"pkg/kubelet/apis/config", "pkg/kubelet/types", "pkg/kubelet/eviction", "pkg/kubelet/cm"},
		"k8s.io/kubelet":        {"config/v1beta1"},
		"k8s.io/component-base": {"logs/api/v1"},
	})
	return target{
		name:   "KubeletConfiguration",
		words:  slices.Concat(words, reservable, cliflag.TLSCipherPossibleValues(), cliflag.TLSPossibleVersions()),
		fields: typeOf(scheme, "kubelet.config.k8s.io", "v1beta1", "KubeletConfiguration"),
		documents: []string{
			header + "}",
			header + `, "registerWithTaints": [{"key": "a", "effect": "NoSchedule"}], "staticPodURLHeader": {"a": ["b"]},
				"reservedMemory": [{"numaNode": 0, "limits": {"memory": "1Gi"}}], "memoryManagerPolicy": "Static", "tracing": {},
				"shutdownGracePeriodByPodPriority": [{"priority": 1, "shutdownGracePeriodSeconds": 2}], "userNamespaces": {},
				"evictionHard": {"memory.available": "100Mi", "pid.available": "10%"}, "evictionSoft": {"memory.available": "200Mi"},
				"evictionSoftGracePeriod": {"memory.available": "1m"}, "evictionMinimumReclaim": {"memory.available": "0Mi"},
				"kubeReserved": {"memory": "100Mi"}, "systemReserved": {"memory": "100Mi"}, "crashLoopBackOff": {},
				"logging": {"vmodule": [{"filePattern": "a", "verbosity": 1}]}}`,
			header + `, "cpuManagerPolicy": "static", "cpuManagerReconcilePeriod": "5s", "kubeReserved": {"cpu": "1"}}`,
		},
		check: func(document map[string]any) error {
			decoded, _, err := codecs.UniversalDecoder().Decode(text(document), nil, nil)
			if err != nil {
				return err
			}
			config := decoded.(*kubeletconfig.KubeletConfiguration)
			gates := feature.DefaultMutableFeatureGate.DeepCopy()
			if err := gates.SetFromMap(config.FeatureGates); err != nil {
				return err
			}
			if err := kubeletvalidation.ValidateKubeletConfiguration(config, gates); err != nil {
				return err
			}
			return kubeletStarts(config)
		},
	}
}

// What of a node can be reserved.
var reservable = []string{"cpu", "memory", "ephemeral-storage", "pid"}

// What the kubelet looks at only when it starts.
func kubeletStarts(config *kubeletconfig.KubeletConfiguration) error {
	if _, err := cliflag.TLSCipherSuites(config.TLSCipherSuites); err != nil {
		return err
	}
	if _, err := cliflag.TLSVersion(config.TLSMinVersion); err != nil {
		return err
	}
	thresholds := []map[string]string{config.EvictionHard, config.EvictionSoft, config.EvictionSoftGracePeriod, config.EvictionMinimumReclaim}
	if _, err := eviction.ParseThresholdConfig(config.EnforceNodeAllocatable, thresholds[0], thresholds[1], thresholds[2], thresholds[3]); err != nil {
		return err
	}
	if _, err := cm.ParseQOSReserved(config.QOSReserved); err != nil {
		return err
	}
	// parseResourceList of cmd/kubelet/app, which it keeps to itself.
	for _, reserved := range []map[string]string{config.KubeReserved, config.SystemReserved} {
		for name, amount := range reserved {
			if !slices.Contains(reservable, name) {
				return fmt.Errorf("cannot reserve %q resource", name)
			}
			if quantity, err := resource.ParseQuantity(amount); err != nil || quantity.Sign() < 0 {
				return fmt.Errorf("%s is no amount of %q", amount, name)
			}
		}
	}
	if !slices.Contains([]string{string(cpumanager.PolicyNone), string(cpumanager.PolicyStatic)}, config.CPUManagerPolicy) {
		return fmt.Errorf("unknown policy of the CPU manager: %s", config.CPUManagerPolicy)
	}
	if !slices.Contains([]string{kubeletv1.NoneMemoryManagerPolicy, string(memorymanager.PolicyTypeStatic)}, config.MemoryManagerPolicy) {
		return fmt.Errorf("unknown policy of the memory manager: %s", config.MemoryManagerPolicy)
	}
	switch config.ConfigMapAndSecretChangeDetectionStrategy {
	case kubeletconfig.WatchChangeDetectionStrategy, kubeletconfig.TTLCacheChangeDetectionStrategy, kubeletconfig.GetChangeDetectionStrategy:
	default:
		return fmt.Errorf("unknown configmap and secret manager mode: %s", config.ConfigMapAndSecretChangeDetectionStrategy)
	}
	if err := called(cpumanager.NewStaticPolicyOptions, config.CPUManagerPolicyOptions); err != nil {
		return err
	}
	return called(topologymanager.NewPolicyOptions, config.TopologyManagerPolicyOptions)
}

// The error of a function that takes options, and in some releases a logger before them.
func called(function any, options map[string]string) error {
	arguments := []reflect.Value{reflect.ValueOf(options)}
	if reflect.TypeOf(function).NumIn() > 1 {
		arguments = append([]reflect.Value{reflect.ValueOf(klog.Background())}, arguments...)
	}
	results := reflect.ValueOf(function).Call(arguments)
	err, _ := results[len(results)-1].Interface().(error)
	return err
}

func proxy() target {
	header := `{"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration"`
	return target{
		name: "KubeProxyConfiguration",
		words: constants(map[string][]string{
			"k8s.io/kubernetes":     {"pkg/proxy/apis/config"},
			"k8s.io/kube-proxy":     {"config/v1alpha1"},
			"k8s.io/component-base": {"logs/api/v1"},
		}),
		fields: typeOf(proxyscheme.Scheme, "kubeproxy.config.k8s.io", "v1alpha1", "KubeProxyConfiguration"),
		documents: []string{
			header + "}",
			header + `, "mode": "ipvs", "ipvs": {"scheduler": "rr"}, "logging": {"vmodule": [{"filePattern": "a", "verbosity": 1}]}}`,
			header + `, "mode": "nftables", "clusterCIDR": "10.0.0.0/8"}`,
		},
		check: func(document map[string]any) error {
			decoded, _, err := proxyscheme.Codecs.UniversalDecoder().Decode(text(document), nil, nil)
			if err != nil {
				return err
			}
			return proxyvalidation.Validate(decoded.(*proxyconfig.KubeProxyConfiguration)).ToAggregate()
		},
	}
}

// The scheduler's configuration, and the arguments of each of its plugins.
func scheduler() []target {
	header := `{"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"`
	registry := schedulerplugins.NewInTreeRegistry()
	check := func(document map[string]any) error {
		decoded, kind, err := schedulerscheme.Codecs.UniversalDecoder().Decode(text(document), nil, nil)
		if err != nil {
			return err
		}
		config := decoded.(*schedulerconfig.KubeSchedulerConfiguration)
		config.TypeMeta.APIVersion = kind.GroupVersion().String()
		if err := schedulervalidation.ValidateKubeSchedulerConfiguration(config); err != nil {
			return err
		}
		// What its framework does not find when it is made of the profiles.
		for _, profile := range config.Profiles {
			plugins := reflect.ValueOf(*profile.Plugins)
			for i := range plugins.NumField() {
				for _, plugin := range plugins.Field(i).Interface().(schedulerconfig.PluginSet).Enabled {
					if _, ok := registry[plugin.Name]; !ok {
						return fmt.Errorf("plugin %q does not exist", plugin.Name)
					}
				}
			}
		}
		return nil
	}
	points := []string{
		"preEnqueue", "queueSort", "preFilter", "filter", "postFilter", "preScore", "score", "reserve", "permit", "preBind", "bind", "postBind",
		"multiPoint",
	}
	var skip, plugins []string
	for _, point := range points {
		plugins = append(plugins, fmt.Sprintf(`%q: {"enabled": [{"name": "NodeName"}], "disabled": [{"name": "*"}]}`, point))
		skip = append(skip, "profiles[].plugins."+point+".disabled[].name")
	}
	// Plugins of the queue cannot be changed in one profile alone.
	plugins[1] = `"queueSort": {"enabled": [{"name": "PrioritySort"}], "disabled": [{"name": "*"}]}`
	words := constants(map[string][]string{
		"k8s.io/kubernetes":     {"pkg/scheduler/apis/config", "pkg/scheduler/framework/plugins/names"},
		"k8s.io/kube-scheduler": {"config/v1"},
		"k8s.io/api":            {"core/v1/types.go"},
	})
	targets := []target{{
		name:   "KubeSchedulerConfiguration",
		words:  words,
		fields: typeOf(schedulerscheme.Scheme, "kubescheduler.config.k8s.io", "v1", "KubeSchedulerConfiguration"),
		documents: []string{
			header + "}",
			header + `, "profiles": [{"schedulerName": "a", "plugins": {` + strings.Join(plugins, ", ") + `}, "pluginConfig": [
				{"name": "NodeAffinity", "args": {}}]}], "extenders": [{"urlPrefix": "https://a", "weight": 1, "prioritizeVerb": "p",
				"managedResources": [{"name": "example.org/a"}], "tlsConfig": {}}]}`,
		},
		check: check,
		skip:  append(skip, "profiles[].pluginConfig[].name"),
	}}
	examples := map[string]string{
		"NodeAffinity": `{"addedAffinity": {
			"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{
				"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}],
				"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}]},
			"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": {
				"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}}]}}`,
		"NodeResourcesFit": `{"scoringStrategy": {"type": "RequestedToCapacityRatio", "resources": [{"name": "cpu", "weight": 1}],
			"requestedToCapacityRatio": {"shape": [{"utilization": 0, "score": 0}]}}}`,
		"NodeResourcesBalancedAllocation": `{"resources": [{"name": "cpu", "weight": 1}]}`,
		"PodTopologySpread": `{"defaultingType": "List", "defaultConstraints": [
			{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway"}]}`,
	}
	group := schema.GroupVersion{Group: "kubescheduler.config.k8s.io", Version: "v1"}
	var kinds []string
	for kind := range schedulerscheme.Scheme.KnownTypes(group) {
		if strings.HasSuffix(kind, "Args") {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		plugin := strings.TrimSuffix(kind, "Args")
		documents := []string{"{}"}
		if example, ok := examples[plugin]; ok {
			documents = append(documents, example)
		}
		targets = append(targets, target{
			name:      kind,
			words:     words,
			fields:    typeOf(schedulerscheme.Scheme, group.Group, group.Version, kind),
			documents: documents,
			check: func(document map[string]any) error {
				whole := read(header + "}")
				whole["profiles"] = []any{map[string]any{
					"schedulerName": "a", "pluginConfig": []any{map[string]any{"name": plugin, "args": document}},
				}}
				return check(whole)
			},
		})
	}
	return targets
}

func audit() target {
	header := `{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [`
	return target{
		name:   "Policy",
		words:  constants(map[string][]string{"k8s.io/apiserver": {"pkg/apis/audit"}}),
		fields: fieldsOf(reflect.TypeFor[auditv1.Policy](), ""),
		documents: []string{
			header + `{"level": "Metadata"}]}`,
			header + `{"level": "Metadata", "resources": [{"group": "apps", "resources": ["deployments"]}], "verbs": ["get"]}]}`,
			header + `{"level": "Metadata", "nonResourceURLs": ["/a"]}]}`,
		},
		check: func(document map[string]any) error {
			_, err := auditpolicy.LoadPolicyFromBytes(text(document))
			return err
		},
	}
}

func authentication() target {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	header := `{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"`
	issuer := `{"url": "https://a", "audiences": ["a"]`
	return target{
		name:   "AuthenticationConfiguration",
		words:  constants(map[string][]string{"k8s.io/apiserver": {"pkg/apis/apiserver"}}),
		fields: fieldsOf(reflect.TypeFor[apiserverv1.AuthenticationConfiguration](), ""),
		documents: []string{
			header + `, "anonymous": {"enabled": true, "conditions": [{"path": "/a"}]}}`,
			header + `, "jwt": [{"issuer": ` + issuer + `}, "claimMappings": {"username": {"claim": "a", "prefix": ""}}}]}`,
			header + `, "jwt": [{"issuer": ` + issuer + `, "audienceMatchPolicy": "MatchAny"}, "claimMappings": {"username": {"expression": "claims.a"},
				"extra": [{"key": "example.org/a", "valueExpression": "claims.b"}]},
				"claimValidationRules": [{"claim": "a", "requiredValue": "b"}],
				"userValidationRules": [{"expression": "user.username != 'a'", "message": "b"}]}]}`,
			header + `, "jwt": [{"issuer": ` + issuer + `, "egressSelectorType": "cluster"}, "claimMappings": {"username": {"claim": "a", "prefix": ""}}}]}`,
		},
		check: func(document map[string]any) error {
			decoded, err := runtime.Decode(codecs.UniversalDecoder(), text(document))
			if err != nil {
				return err
			}
			config := decoded.(*apiserver.AuthenticationConfiguration)
			return apiservervalidation.ValidateAuthenticationConfiguration(authenticationcel.NewDefaultCompiler(), config, nil).ToAggregate()
		},
	}
}

// The configurations of admission plugins, which the plugins read themselves.
func plugins() []target {
	all := admission.NewPlugins()
	options.RegisterAllAdmissionPlugins(all)
	// The plugins that every API server has are registered in another place.
	generic := genericoptions.NewAdmissionOptions().Plugins
	words := constants(map[string][]string{
		"k8s.io/kubernetes":             {"plugin/pkg/admission/eventratelimit"},
		"k8s.io/apiserver":              {"pkg/admission/plugin/resourcequota/apis"},
		"k8s.io/pod-security-admission": {"api", "admission/api"},
	})
	of := func(plugin, apiVersion, kind string, published reflect.Type, examples ...string) target {
		header := fmt.Sprintf(`{"apiVersion": %q, "kind": %q`, apiVersion, kind)
		var documents []string
		for _, example := range append([]string{""}, examples...) {
			documents = append(documents, header+example+"}")
		}
		return target{
			name:      plugin,
			words:     words,
			fields:    fieldsOf(published, ""),
			documents: documents,
			check: func(document map[string]any) error {
				plugins := all
				if slices.Contains(generic.Registered(), plugin) {
					plugins = generic
				}
				_, err := plugins.InitPlugin(plugin, bytes.NewReader(text(document)), admission.PluginInitializers{})
				if err != nil && strings.HasPrefix(err.Error(), "couldn't init") {
					return errors.New(strings.SplitN(err.Error(), ":", 2)[1])
				}
				return nil
			},
		}
	}
	webhooks := reflect.TypeFor[webhookadmission.WebhookAdmission]()
	list := []target{
		of("PodSecurity", "pod-security.admission.config.k8s.io/v1", "PodSecurityConfiguration", reflect.TypeFor[podsecurity.PodSecurityConfiguration]()),
		of("EventRateLimit", "eventratelimit.admission.k8s.io/v1alpha1", "Configuration", reflect.TypeFor[eventratelimit.Configuration](),
			`, "limits": [{"type": "Namespace", "qps": 50, "burst": 100, "cacheSize": 200}]`),
		of("PodTolerationRestriction", "podtolerationrestriction.admission.k8s.io/v1alpha1", "Configuration",
			reflect.TypeFor[podtolerationrestriction.Configuration]()),
		of("ResourceQuota", "apiserver.config.k8s.io/v1", "ResourceQuotaConfiguration", reflect.TypeFor[resourcequota.Configuration](),
			`, "limitedResources": [{"resource": "pods", "matchContains": ["a"], "matchScopes": [{"scopeName": "PriorityClass", "operator": "Exists"}]}]`),
		of("ValidatingAdmissionWebhook", "apiserver.config.k8s.io/v1", "WebhookAdmissionConfiguration", webhooks),
		of("MutatingAdmissionWebhook", "apiserver.config.k8s.io/v1", "WebhookAdmissionConfiguration", webhooks),
	}
	// It looks at its configuration only once it has all that it needs.
	list[0].check = func(document map[string]any) error {
		config, err := podsecurityload.LoadFromData(text(document))
		if err != nil {
			return err
		}
		return podsecurityvalidation.ValidatePodSecurityConfiguration(config).ToAggregate()
	}
	// A rate of nothing is no limit.
	list[1].documents = list[1].documents[1:]
	return list
}
