// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the flags that several verbs share, so that they mean the same everywhere.

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// sharedFlags are the values of the flags that several verbs share.
type sharedFlags struct {
	// Of the script.
	set    []string
	name   string
	limits host.Limits
	// Of the cluster.
	kubeconfig         string
	context            string
	sandbox            bool
	inventoryNamespace string
	timeout            time.Duration
	// Of the output.
	output  string
	noColor bool
}

// addScriptFlags adds what concerns how a script is run.
func (f *factory) addScriptFlags(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.flags.set, "set", nil, "set a parameter of the script: `name=value` (repeatable)")
	flags.StringVar(&f.flags.name, "name", "", "name of the deployment (default: deploy's name argument, else the script's file name)")
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
	flags.StringVar(&f.flags.context, "context", "", "context in the kubeconfig (default: its current one)")
	flags.BoolVar(&f.flags.sandbox, "sandbox", false, "use the sandbox on this machine, and start it if it is not running")
	flags.StringVar(&f.flags.inventoryNamespace, "inventory-namespace", "", "`namespace` that keeps the inventories (default harmonyscript-system)")
	c.PreRunE = func(*cobra.Command, []string) error {
		if f.flags.sandbox && f.flags.kubeconfig+f.flags.context != "" {
			return wrongCall("%s: got --sandbox together with --kubeconfig or --context, want one cluster", c.CommandPath())
		}
		if f.flags.timeout < 0 || f.flags.timeout == 0 && c.Flags().Changed("timeout") {
			return wrongCall("%s: got --timeout %s, want a time to wait for", c.CommandPath(), f.flags.timeout)
		}
		return nil
	}
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
