package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	paths "k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	cliflag "k8s.io/component-base/cli/flag"
	logs "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register" // as every program does, for logs of this format
	crisocket "k8s.io/cri-client/pkg/util"
	"k8s.io/klog/v2"
	proxyapp "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"
	kubeletoptions "k8s.io/kubernetes/cmd/kubelet/app/options"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
	kubeletscheme "k8s.io/kubernetes/pkg/kubelet/apis/config/scheme"
	kubeletvalidation "k8s.io/kubernetes/pkg/kubelet/apis/config/validation"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubelet/cm/cpumanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/memorymanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager"
	"k8s.io/kubernetes/pkg/kubelet/eviction"
	kubeletlogs "k8s.io/kubernetes/pkg/kubelet/logs"
	"k8s.io/kubernetes/pkg/kubelet/sysctl"
	proxyconfig "k8s.io/kubernetes/pkg/proxy/apis/config"
	proxyscheme "k8s.io/kubernetes/pkg/proxy/apis/config/scheme"
	proxyvalidation "k8s.io/kubernetes/pkg/proxy/apis/config/validation"
	"k8s.io/kubernetes/pkg/scheduler"
	schedulerconfig "k8s.io/kubernetes/pkg/scheduler/apis/config"
	schedulerscheme "k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
	schedulervalidation "k8s.io/kubernetes/pkg/scheduler/apis/config/validation"
	"k8s.io/kubernetes/pkg/scheduler/profile"
	"k8s.io/utils/cpuset"
)

// Links all that the kubelet consists of, which registers gates of its own.
var _ = kubeletapp.NewKubeletCommand

// What a program says to its configuration and its flags before it asks the host for anything.

// The kubelet, as far as RunE and run of cmd/kubelet/app and NewMainKubelet of pkg/kubelet come without a host.
func checkKubelet(document []byte, args []string) error {
	fresh := func(config *kubeletconfig.KubeletConfiguration) (*pflag.FlagSet, *kubeletoptions.KubeletFlags) {
		set, flags := pflag.NewFlagSet("", pflag.ContinueOnError), kubeletoptions.NewKubeletFlags()
		set.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
		set.SetOutput(discarded{})
		flags.AddFlags(set)
		kubeletoptions.AddKubeletConfigFlags(set, config)
		return set, flags
	}
	first, err := kubeletoptions.NewKubeletConfiguration()
	if err != nil {
		return err
	}
	set, flags := fresh(first)
	if err := set.Parse(args); err != nil {
		return err
	}
	if err := setGates(first.FeatureGates); err != nil {
		return err
	}
	if err := kubeletoptions.ValidateKubeletFlags(flags); err != nil {
		return err
	}
	_, codecs, err := kubeletscheme.NewSchemeAndCodecs(serializer.EnableStrict)
	if err != nil {
		return err
	}
	decoded, _, err := codecs.UniversalDecoder().Decode(document, nil, nil)
	if err != nil {
		return err
	}
	config := decoded.(*kubeletconfig.KubeletConfiguration)
	if config.EvictionHard == nil {
		config.EvictionHard = eviction.DefaultEvictionHard
	} else if config.MergeDefaultEvictionSettings {
		for signal, value := range eviction.DefaultEvictionHard {
			if _, ok := config.EvictionHard[signal]; !ok {
				config.EvictionHard[signal] = value
			}
		}
	}
	gates := config.FeatureGates
	set, flags = fresh(config)
	if err := set.Parse(args); err != nil {
		return err
	}
	for gate, value := range gates {
		if _, ok := config.FeatureGates[gate]; !ok {
			config.FeatureGates[gate] = value
		}
	}
	if err := setGates(config.FeatureGates); err != nil {
		return err
	}
	// Hosts have the second version of control groups, whatever this machine has.
	config.FailCgroupV1, config.SingleProcessOOMKill = false, nil
	if err := logs.Validate(&config.Logging, feature.DefaultFeatureGate, paths.NewPath("logging")).ToAggregate(); err != nil {
		return err
	}
	if err := kubeletvalidation.ValidateKubeletConfiguration(config, feature.DefaultFeatureGate); err != nil {
		return err
	}
	if flags.ExitOnLockContention && flags.LockFilePath == "" {
		return fmt.Errorf("no lock file specified")
	}
	return kubeletStarts(config, flags)
}

// Sets all of these gates, or none.
func setGates(values map[string]bool) error {
	if err := feature.DefaultMutableFeatureGate.DeepCopy().SetFromMap(values); err != nil {
		return err
	}
	return feature.DefaultMutableFeatureGate.SetFromMap(values)
}

// What of a node can be reserved.
var reservable = []string{"cpu", "memory", "ephemeral-storage", "pid"}

// A machine that has more of everything than anybody reserves, so that nothing of it is in the way.
var machine = func() string {
	var cores []string
	for i := range 256 {
		cores = append(cores, fmt.Sprintf(`{"core_id": %d, "thread_ids": [%d], "socket_id": 0}`, i, i))
	}
	node := func(id int, cores []string) string {
		return fmt.Sprintf(`{"node_id": %d, "memory": %d, "hugepages": [{"page_size": 2048, "num_pages": 1024}, {"page_size": 1048576, "num_pages": 64}], "distances": [10, 10], "cores": [%s]}`,
			id, memory/2, strings.Join(cores, ", "))
	}
	return fmt.Sprintf(`{"num_cores": 256, "num_physical_cores": 256, "num_sockets": 1, "memory_capacity": %d, "topology": [%s, %s]}`,
		memory, node(0, cores[:128]), node(1, cores[128:]))
}()

const memory = 1 << 40

// What the kubelet looks at only when it starts.
func kubeletStarts(config *kubeletconfig.KubeletConfiguration, flags *kubeletoptions.KubeletFlags) error {
	if _, err := cliflag.TLSCipherSuites(config.TLSCipherSuites); err != nil {
		return err
	}
	if _, err := cliflag.TLSVersion(config.TLSMinVersion); err != nil {
		return err
	}
	for _, endpoint := range []string{config.ContainerRuntimeEndpoint, config.ImageServiceEndpoint} {
		if endpoint != "" {
			if _, _, err := crisocket.GetAddressAndDialer(endpoint); err != nil {
				return err
			}
		}
	}
	reservedCPUs, err := cpuset.Parse(config.ReservedSystemCPUs)
	if err != nil {
		return err
	}
	if reservedCPUs.Size() > 0 {
		delete(config.KubeReserved, "cpu")
		if config.SystemReserved == nil {
			config.SystemReserved = map[string]string{}
		}
		config.SystemReserved["cpu"] = fmt.Sprint(reservedCPUs.Size())
	}
	// parseResourceList of cmd/kubelet/app, which it keeps to itself.
	total := v1.ResourceList{}
	for _, reserved := range []map[string]string{config.KubeReserved, config.SystemReserved} {
		for name, amount := range reserved {
			if !slices.Contains(reservable, name) {
				return fmt.Errorf("cannot reserve %q resource", name)
			}
			quantity, err := resource.ParseQuantity(amount)
			if err != nil || quantity.Sign() < 0 {
				return fmt.Errorf("%s is no amount of %q", amount, name)
			}
			add(total, v1.ResourceName(name), quantity)
		}
	}
	hard, err := eviction.ParseThresholdConfig(nil, config.EvictionHard, nil, nil, nil)
	if err != nil {
		return err
	}
	if _, err := cm.ParseQOSReserved(config.QOSReserved); err != nil {
		return err
	}
	// GetNodeAllocatableReservation of pkg/kubelet/cm, of which the managers of CPUs and memory look at these two.
	capacity := resource.NewQuantity(memory, resource.BinarySI)
	for _, threshold := range hard {
		if threshold.Signal == "memory.available" && !flags.ExperimentalNodeAllocatableIgnoreEvictionThreshold {
			value := threshold.Value.Quantity
			if value == nil {
				value = resource.NewQuantity(int64(float64(capacity.Value())*float64(threshold.Value.Percentage)), resource.BinarySI)
			}
			add(total, v1.ResourceMemory, *value)
		}
	}
	for name, amount := range total {
		if amount.IsZero() {
			delete(total, name)
		}
	}
	if config.TopologyManagerPolicyOptions != nil && !feature.DefaultFeatureGate.Enabled("TopologyManagerPolicyOptions") {
		return fmt.Errorf("topology manager policy options %v require a feature gate", config.TopologyManagerPolicyOptions)
	}
	if err := managers(config, reservedCPUs, total); err != nil {
		return err
	}
	if config.SyncFrequency.Duration <= 0 {
		return fmt.Errorf("invalid sync frequency %d", config.SyncFrequency.Duration)
	}
	if flags.RootDirectory == "" {
		return fmt.Errorf("invalid root directory %q", flags.RootDirectory)
	}
	if _, err := eviction.ParseThresholdConfig(config.EnforceNodeAllocatable, config.EvictionHard, config.EvictionSoft, config.EvictionSoftGracePeriod, config.EvictionMinimumReclaim); err != nil {
		return err
	}
	switch config.ConfigMapAndSecretChangeDetectionStrategy {
	case kubeletconfig.WatchChangeDetectionStrategy, kubeletconfig.TTLCacheChangeDetectionStrategy, kubeletconfig.GetChangeDetectionStrategy:
	default:
		return fmt.Errorf("unknown configmap and secret manager mode: %s", config.ConfigMapAndSecretChangeDetectionStrategy)
	}
	if _, err := kubeletlogs.NewContainerLogManager(nil, nil, config.ContainerLogMaxSize, int(config.ContainerLogMaxFiles), int(config.ContainerLogMaxWorkers), config.ContainerLogMonitorInterval); err != nil {
		return err
	}
	if _, err := sysctl.NewAllowlist(config.AllowedUnsafeSysctls); err != nil {
		return err
	}
	// It listens there, and ends if it cannot.
	if config.EnableServer && net.ParseIP(config.Address) == nil {
		return fmt.Errorf("%s is no address to listen at", config.Address)
	}
	return nil
}

func add(total v1.ResourceList, name v1.ResourceName, amount resource.Quantity) {
	sum := total[name]
	sum.Add(amount)
	total[name] = sum
}

// The managers of topology, CPUs and memory, made as NewContainerManager makes them.
func managers(config *kubeletconfig.KubeletConfiguration, reservedCPUs cpuset.CPUSet, reserved v1.ResourceList) error {
	var info reflect.Value
	function := reflect.TypeOf(cpumanager.NewManager)
	for i := range function.NumIn() {
		if kind := function.In(i); kind.Kind() == reflect.Pointer && kind.Elem().Name() == "MachineInfo" {
			info = reflect.New(kind.Elem())
		}
	}
	if err := json.Unmarshal([]byte(machine), info.Interface()); err != nil {
		return err
	}
	nodes := info.Elem().FieldByName("Topology").Interface()
	topology, err := called(topologymanager.NewManager, nodes, config.TopologyManagerPolicy, config.TopologyManagerScope, config.TopologyManagerPolicyOptions)
	if err != nil {
		return err
	}
	if _, err := called(cpumanager.NewManager, config.CPUManagerPolicy, config.CPUManagerPolicyOptions, config.CPUManagerReconcilePeriod.Duration,
		info.Interface(), reservedCPUs, reserved, "/kthw", topology); err != nil {
		return err
	}
	_, err = called(memorymanager.NewManager, config.MemoryManagerPolicy, info.Interface(), reserved, config.ReservedMemory, "/kthw", topology)
	return err
}

// What a function makes, which in some releases takes a context or a logger first.
func called(function any, arguments ...any) (any, error) {
	kind := reflect.TypeOf(function)
	var values []reflect.Value
	if kind.NumIn() > len(arguments) {
		first := reflect.ValueOf(klog.Background())
		if kind.In(0) == reflect.TypeFor[context.Context]() {
			first = reflect.ValueOf(context.Background())
		}
		values = append(values, first)
	}
	for _, argument := range arguments {
		values = append(values, reflect.ValueOf(argument))
	}
	results := reflect.ValueOf(function).Call(values)
	err, _ := results[1].Interface().(error)
	return results[0].Interface(), err
}

// kube-proxy, which beside its file reads no other flags than those of its logs.
func checkProxy(document []byte, args []string) error {
	set, logging := pflag.NewFlagSet("", pflag.ContinueOnError), logs.NewLoggingConfiguration()
	set.SetOutput(discarded{})
	proxyapp.NewOptions().AddFlags(set)
	if err := set.Parse(args); err != nil {
		return err
	}
	decoded, _, err := proxyscheme.Codecs.UniversalDecoder().Decode(document, nil, nil)
	if err != nil {
		return err
	}
	config := decoded.(*proxyconfig.KubeProxyConfiguration)
	if err := takenOver(set, logging, &config.Logging); err != nil {
		return err
	}
	if err := setGates(config.FeatureGates); err != nil {
		return err
	}
	return proxyvalidation.Validate(config).ToAggregate()
}

// Takes over what flags say of logs, as copyLogsFromFlags of cmd/kube-proxy/app does.
func takenOver(from *pflag.FlagSet, logging, to *logs.LoggingConfiguration) error {
	of := pflag.NewFlagSet("", pflag.ContinueOnError)
	logs.AddFlags(to, of)
	var failed error
	from.Visit(func(flag *pflag.Flag) {
		if known := of.Lookup(flag.Name); known != nil {
			if err := of.Set(flag.Name, flag.Value.String()); err != nil {
				failed = err
			}
		}
	})
	return failed
}

// The scheduler, and the frameworks that it makes of its profiles.
func checkScheduler(document []byte, args []string) error {
	options := scheduleroptions.NewOptions()
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SetOutput(discarded{})
	for _, flags := range options.Flags.FlagSets {
		set.AddFlagSet(flags)
	}
	if err := set.Parse(args); err != nil {
		return err
	}
	// What its registry of components does once for a process.
	for _, arg := range args {
		if gates, ok := strings.CutPrefix(arg, "--feature-gates="); ok {
			values := map[string]bool{}
			if err := cliflag.NewMapStringBool(&values).Set(strings.ReplaceAll(gates, "kube:", "")); err != nil {
				return err
			}
			if err := setGates(values); err != nil {
				return err
			}
		}
	}
	if err := logs.Validate(options.Logs, feature.DefaultFeatureGate, nil).ToAggregate(); err != nil {
		return err
	}
	decoded, kind, err := schedulerscheme.Codecs.UniversalDecoder().Decode(document, nil, nil)
	if err != nil {
		return err
	}
	config := decoded.(*schedulerconfig.KubeSchedulerConfiguration)
	config.TypeMeta.APIVersion = kind.GroupVersion().String()
	options.ApplyLeaderElectionTo(config)
	for _, err := range options.SecureServing.Validate() {
		return err
	}
	for _, err := range options.Metrics.Validate() {
		return err
	}
	if err := schedulervalidation.ValidateKubeSchedulerConfiguration(config); err != nil {
		return err
	}
	client, err := clientset.NewForConfig(&rest.Config{Host: "https://127.0.0.1:1"})
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	// Later releases name their informers.
	made := reflect.ValueOf(scheduler.NewInformerFactory)
	arguments := []reflect.Value{reflect.ValueOf(client), reflect.ValueOf(time.Duration(0))}
	if made.Type().NumIn() > len(arguments) {
		arguments = append(arguments, reflect.Zero(made.Type().In(len(arguments))))
	}
	factory := made.Call(arguments)[0].Interface().(informers.SharedInformerFactory)
	// Nobody records anything here.
	var recorder profile.RecorderFactory
	nobody := func([]reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.Zero(reflect.TypeOf(recorder).Out(0))}
	}
	reflect.ValueOf(&recorder).Elem().Set(reflect.MakeFunc(reflect.TypeOf(recorder), nobody))
	_, err = scheduler.New(ctx, client, factory, nil, recorder,
		scheduler.WithComponentConfigVersion(config.TypeMeta.APIVersion),
		scheduler.WithProfiles(config.Profiles...),
		scheduler.WithPercentageOfNodesToScore(config.PercentageOfNodesToScore),
		scheduler.WithPodMaxBackoffSeconds(config.PodMaxBackoffSeconds),
		scheduler.WithPodInitialBackoffSeconds(config.PodInitialBackoffSeconds),
		scheduler.WithExtenders(config.Extenders...),
		scheduler.WithParallelism(config.Parallelism))
	return err
}

type discarded struct{}

func (discarded) Write(text []byte) (int, error) { return len(text), nil }
