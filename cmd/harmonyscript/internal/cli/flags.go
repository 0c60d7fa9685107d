// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the flags that several verbs share, so that they mean the same everywhere.

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// sharedFlags are the values of the flags that several verbs share.
type sharedFlags struct {
	// Of the script.
	set    []string
	name   string
	limits host.Limits
	// Of the cluster.
	kubeconfig string
	// contexts are those that --context gives; context is the one of this factory's cluster.
	contexts           []string
	context            string
	sandbox            bool
	inventoryNamespace string
	timeout            time.Duration
	qps                float64
	unreachableTimeout time.Duration
	// Of charts.
	helmChart   string
	kubeVersion string
	// Of the output.
	output  string
	noColor bool
}

// addScriptFlags adds what concerns how a script is run.
func (f *factory) addScriptFlags(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.flags.set, "set", nil, "set a parameter of the script: `name=value` (repeatable)")
	flags.StringVar(&f.flags.name, "name", "", "name of the deployment (default: deploy's name argument, else the script's file name)")
	f.addLimitFlags(c)
}

// addLimitFlags adds how much a script may use.
func (f *factory) addLimitFlags(c *cobra.Command) {
	flags := c.Flags()
	defaults := host.DefaultLimits()
	flags.Uint64Var(&f.flags.limits.Steps, "max-steps", defaults.Steps, "most execution steps that the script may take")
	flags.DurationVar(&f.flags.limits.Time, "max-script-time", defaults.Time, "most time that the script may take")
	flags.IntVar(&f.flags.limits.LoadDepth, "max-load-depth", defaults.LoadDepth, "most load() calls inside each other")
	flags.Uint64Var(&f.flags.limits.Memory, "max-script-memory", defaults.Memory, "most `bytes` of memory that the script may take")
}

// addClusterFlags adds what concerns the cluster that a verb talks to.
func (f *factory) addClusterFlags(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.flags.kubeconfig, "kubeconfig", "", "`path` of the kubeconfig (default: $KUBECONFIG, else ~/.kube/config)")
	flags.StringArrayVar(&f.flags.contexts, "context", nil, "context in the kubeconfig (default: the clusters that the script lists, else the current one)")
	flags.BoolVar(&f.flags.sandbox, "sandbox", false, "use the sandbox on this machine, and start it if it is not running")
	flags.StringVar(&f.flags.inventoryNamespace, "inventory-namespace", "", "`namespace` that keeps the inventories (default harmonyscript-system)")
	flags.Float64Var(&f.flags.qps, "qps", 0, "most `requests` per second, in bursts of as many (default: no limit, the API server decides)")
	flags.DurationVar(&f.flags.unreachableTimeout, "unreachable-timeout", cluster.DefaultAwayFor, "longest `time` to wait for an API server that has answered and does not any more")
	c.PreRunE = func(*cobra.Command, []string) error {
		if err := f.checkContexts(c); err != nil {
			return err
		}
		if f.flags.unreachableTimeout <= 0 {
			return wrongCall("%s: got --unreachable-timeout %s, want a time to wait for", c.CommandPath(), f.flags.unreachableTimeout)
		}
		if c.Flags().Changed("qps") && !(f.flags.qps > 0 && f.flags.qps <= maxQPS) {
			return wrongCall("%s: got --qps %v, want a number of requests per second above 0; leave it out for no limit", c.CommandPath(), f.flags.qps)
		}
		if f.flags.timeout < 0 || f.flags.timeout == 0 && c.Flags().Changed("timeout") {
			return wrongCall("%s: got --timeout %s, want a time to wait for", c.CommandPath(), f.flags.timeout)
		}
		return nil
	}
}

// maxQPS bounds --qps: no client sends more, and no number is too large to count with.
const maxQPS = 1e6

// addClustersFlags is addClusterFlags for verbs that take several clusters.
func (f *factory) addClustersFlags(c *cobra.Command) {
	f.addClusterFlags(c)
	c.Annotations = map[string]string{severalClusters: ""}
	c.Flags().Lookup("context").Usage = "context in the kubeconfig (repeatable: several clusters side by side; default: the clusters that the script lists, else the current context)"
}

// checkContexts refuses contexts that make no sense together.
func (f *factory) checkContexts(c *cobra.Command) error {
	given := f.flags.contexts
	if f.flags.sandbox && (f.flags.kubeconfig != "" || len(given) > 0) {
		return wrongCall("%s: got --sandbox together with --kubeconfig or --context, want one cluster", c.CommandPath())
	}
	seen := map[string]bool{}
	for _, name := range given {
		switch {
		case name == "":
			return wrongCall("%s: got an empty --context, want the name of one", c.CommandPath())
		case seen[name]:
			return wrongCall("%s: got --context %s twice, want each cluster once", c.CommandPath(), name)
		}
		seen[name] = true
	}
	if _, several := c.Annotations[severalClusters]; !several && len(given) > 1 {
		return wrongCall("%s: got --context %d times, want it once: this verb works with one cluster", c.CommandPath(), len(given))
	}
	return nil
}

// addTimeoutFlag adds the limit of waiting.
func (f *factory) addTimeoutFlag(c *cobra.Command, what string) {
	c.Flags().DurationVar(&f.flags.timeout, "timeout", 5*time.Minute, what)
}

// addOutputFlags adds what concerns what is printed.
func (f *factory) addOutputFlags(c *cobra.Command) {
	c.Flags().Var(newChoice(&f.flags.output, "text", "json"), "output", "how results are printed: text or json")
	c.Flags().BoolVar(&f.flags.noColor, "no-color", false, "print no colours (as the environment variable NO_COLOR does)")
}

// json reports whether results are printed as JSON.
func (f *factory) json() bool { return f.flags.output == "json" }

// outPalette and errPalette are the colours of the two streams.
func (f *factory) outPalette() palette {
	return palette{f.streams.colored(f.streams.OutIsTerminal, f.flags.noColor)}
}

func (f *factory) errPalette() palette {
	return palette{f.streams.colored(f.streams.ErrIsTerminal, f.flags.noColor)}
}

// parameters returns the --set flags as a map.
func (f *factory) parameters() (map[string]string, error) {
	values := make(map[string]string, len(f.flags.set))
	for _, setting := range f.flags.set {
		name, value, found := strings.Cut(setting, "=")
		if !found || name == "" {
			return nil, wrongCall("--set: got %q, want name=value", setting)
		}
		if _, twice := values[name]; twice {
			return nil, wrongCall("--set: got parameter %q twice, want it once", name)
		}
		values[name] = value
	}
	return values, nil
}

// choice is a flag that takes one of a few words.
type choice struct {
	value   *string
	allowed []string
}

func newChoice(value *string, allowed ...string) *choice {
	*value = allowed[0]
	return &choice{value: value, allowed: allowed}
}

func (c *choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

func (c *choice) Set(text string) error {
	for _, word := range c.allowed {
		if word == text {
			*c.value = text
			return nil
		}
	}
	return wrongCall("got %q, want %s", text, strings.Join(c.allowed, " or "))
}

func (c *choice) Type() string { return strings.Join(c.allowed, "|") }
