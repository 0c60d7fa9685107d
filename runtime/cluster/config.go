// SPDX-License-Identifier: Apache-2.0

// This file finds the connection in a kubeconfig.

package cluster

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Connect returns a client for the cluster that o and the environment name, by the same rules as kubectl. It reads
// files and sends no request. The error is a *NoConfigError, a *ContextError or a *ConfigError.
func Connect(o Options) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	// The library prints a warning for each missing file of $KUBECONFIG; this package prints nothing.
	rules.Warner = func(error) {}
	raw, err := rules.Load()
	switch {
	case err != nil && o.Kubeconfig != "" && errors.Is(err, os.ErrNotExist):
		return nil, &NoConfigError{Paths: []string{o.Kubeconfig}}
	case err != nil:
		return nil, &ConfigError{Path: cmp.Or(o.Kubeconfig, strings.Join(rules.Precedence, string(os.PathListSeparator))), Err: err}
	}
	if clientcmdapi.IsConfigEmpty(raw) {
		if o.Context == "" {
			if config, err := rest.InClusterConfig(); err == nil {
				return NewClient(config, o)
			}
		}
		return nil, &NoConfigError{Paths: searched(o.Kubeconfig, rules.Precedence)}
	}
	name := cmp.Or(o.Context, raw.CurrentContext)
	names := slices.Sorted(maps.Keys(raw.Contexts))
	if name == "" || raw.Contexts[name] == nil {
		return nil, &ContextError{Name: name, Known: names}
	}
	config, err := clientcmd.NewNonInteractiveClientConfig(*raw, name, &clientcmd.ConfigOverrides{}, rules).ClientConfig()
	if err != nil {
		return nil, &ConfigError{Path: raw.Contexts[name].LocationOfOrigin, Context: name, Err: err}
	}
	o.Context = name
	return NewClient(config, o)
}

func searched(explicit string, precedence []string) []string {
	if explicit != "" {
		return []string{explicit}
	}
	return precedence
}

// NoConfigError tells that no kubeconfig was found.
type NoConfigError struct {
	// Paths that were looked at.
	Paths []string
}

// Error names the files that were looked at.
func (e *NoConfigError) Error() string {
	return "kubeconfig: found none at " + strings.Join(e.Paths, ", ")
}

// Diagnostic tells how to do without one.
func (e *NoConfigError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "kubeconfig-missing", Summary: e.Error(),
		Fix: "add --sandbox to use a control plane that harmonyscript starts on this machine, or name a kubeconfig with --kubeconfig or $KUBECONFIG",
	}
}

// ConfigError tells that a kubeconfig was found and cannot be used.
type ConfigError struct {
	// Path of the file, where known.
	Path string
	// Context in it, where known.
	Context string
	Err     error
}

// Error tells the file and the reason.
func (e *ConfigError) Error() string { return e.subject() + ": " + WithoutUser(e.Err.Error()) }

func (e *ConfigError) subject() string {
	text := "kubeconfig"
	if e.Path != "" {
		text += " " + e.Path
	}
	if e.Context != "" {
		text += ", context " + e.Context
	}
	return text
}

// Unwrap returns the reason.
func (e *ConfigError) Unwrap() error { return e.Err }

// Diagnostic tells the file and the reason.
func (e *ConfigError) Diagnostic() diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "kubeconfig-invalid", Summary: e.subject() + " cannot be used",
		Detail: oneLine(WithoutUser(e.Err.Error())),
		Fix:    "correct the kubeconfig, or add --sandbox to use a control plane on this machine",
	}
}

// ContextError tells that a kubeconfig has no such context.
type ContextError struct {
	// Name that was asked for; empty when none was and the file names no current one.
	Name string
	// Known contexts, sorted.
	Known []string
}

// Error names the context and those that exist.
func (e *ContextError) Error() string {
	if e.Name == "" {
		return "kubeconfig: it names no current context"
	}
	return "kubeconfig: got context \"" + e.Name + "\", want one of " + strings.Join(e.Known, ", ")
}

// Diagnostic suggests the nearest name.
func (e *ContextError) Diagnostic() diag.Diagnostic {
	d := diag.Diagnostic{Severity: diag.Error, Code: "context-unknown", Summary: e.Error()}
	parts := strings.Split(e.Name, ",")
	switch near := diag.Nearest(e.Name, e.Known); {
	case len(parts) > 1 && !slices.ContainsFunc(parts, func(part string) bool { return !slices.Contains(e.Known, strings.TrimSpace(part)) }):
		d.Fix = "name each on its own: --context " + strings.Join(strings.FieldsFunc(e.Name, func(r rune) bool { return r == ',' || r == ' ' }), " --context ")
	case near != "":
		d.Fix = "did you mean --context " + near + "?"
	case len(e.Known) > 0:
		d.Fix = "name one with --context: " + strings.Join(e.Known, ", ")
	default:
		d.Fix = "add --sandbox to use a control plane that harmonyscript starts on this machine"
	}
	return d
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
