// SPDX-License-Identifier: Apache-2.0

package cli

// This file holds the verb `sandbox`, and how other verbs get a running one. The sandbox is a program of its
// own, because it contains a Kubernetes control plane; it is found beside this program.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonyscript/harmonyscript/cmd/harmonyscript/internal/suite"
)

// sandboxProgram is the sandbox's program, beside this one or on the PATH. The environment variable
// HARMONYSCRIPT_SANDBOX_BIN names another.
const sandboxProgram = "harmonyscript-sandbox"

// sandboxInfo is what the sandbox's program reports of a running sandbox.
type sandboxInfo struct {
	Kubeconfig string `json:"kubeconfig"`
	Server     string `json:"server"`
}

func newSandboxCommand(f *factory) *cobra.Command {
	command := &cobra.Command{
		Use:   "sandbox up|down|status|kubeconfig",
		Short: "Run a throw-away Kubernetes control plane on this machine",
		Long: `Runs a real Kubernetes control plane with the real monitoring operators on loopback, without Docker.
Its nodes are simulated: pods are shown as running but nothing runs in them, and NetworkPolicies are accepted
but not enforced. Other verbs use it with --sandbox and start it when it is not there.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return c.Help()
			}
			return unknownVerb(c, arguments[0])
		},
	}
	for _, verb := range []struct{ use, short string }{
		{"up", "Start the sandbox, or say that it runs"},
		{"down", "Stop the sandbox and remove its data"},
		{"status", "Say whether the sandbox runs, and where"},
		{"kubeconfig", "Print the path of the sandbox's kubeconfig"},
	} {
		command.AddCommand(&cobra.Command{
			Use: verb.use, Short: verb.short,
			// The sandbox's program owns these verbs' flags, so that they are documented in one place.
			DisableFlagParsing: true,
			RunE: func(c *cobra.Command, arguments []string) error {
				return runSandbox(c.Context(), f.streams, append([]string{verb.use}, arguments...))
			},
		})
	}
	return command
}

// findSandbox returns the path of the sandbox's program.
func findSandbox(environment func(string) (string, bool)) (string, error) {
	if path, ok := environment("HARMONYSCRIPT_SANDBOX_BIN"); ok && path != "" {
		return path, nil
	}
	if self, err := os.Executable(); err == nil {
		if resolved, err := filepath.EvalSymlinks(self); err == nil {
			self = resolved
		}
		beside := filepath.Join(filepath.Dir(self), sandboxProgram)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath(sandboxProgram)
	if err != nil {
		return "", &exitError{code: exitFailed, cause: fmt.Errorf(
			"sandbox: got no program %s beside harmonyscript or on the PATH, want it built: run `make sandbox` in harmonyscript's source tree (the first build takes some 20 minutes)", sandboxProgram)}
	}
	return path, nil
}

// runSandbox runs the sandbox's program with this program's streams.
func runSandbox(ctx context.Context, streams Streams, arguments []string) error {
	if reason, ok := streams.Environment(suite.OfflineVariable); ok && reason != "" {
		return wrongCall("sandbox %s: got a verb of a cluster, want none: %s", arguments[0], reason)
	}
	program, err := findSandbox(streams.Environment)
	if err != nil {
		return err
	}
	command := sandboxCommand(ctx, program, arguments)
	command.Stdout, command.Stderr = streams.Out, streams.Err
	return sandboxError(ctx, command.Run(), "")
}

// startSandbox returns a running sandbox, started if need be. What the sandbox says on its way goes to progress.
func startSandbox(ctx context.Context, streams Streams, progress io.Writer) (sandboxInfo, error) {
	program, err := findSandbox(streams.Environment)
	if err != nil {
		return sandboxInfo{}, err
	}
	var output, complaint bytes.Buffer
	command := sandboxCommand(ctx, program, []string{"up", "--output", "json"})
	command.Stdout, command.Stderr = &output, io.MultiWriter(&complaint, progress)
	if err := sandboxError(ctx, command.Run(), lastLine(complaint.String())); err != nil {
		return sandboxInfo{}, err
	}
	var info sandboxInfo
	if err := json.Unmarshal(output.Bytes(), &info); err != nil || info.Kubeconfig == "" {
		return sandboxInfo{}, fmt.Errorf("sandbox: got %q from %s, want its kubeconfig as JSON", strings.TrimSpace(output.String()), program)
	}
	return info, nil
}

// sandboxCommand prepares a run that an interrupt ends politely: the program is asked first and killed only
// when it does not go.
func sandboxCommand(ctx context.Context, program string, arguments []string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, arguments...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	return command
}

func sandboxError(ctx context.Context, err error, complaint string) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return exitWith(exitInterrupted)
	case errors.As(err, &exit) && complaint == "":
		// The program has said on stderr what was wrong.
		return exitWith(exit.ExitCode())
	case complaint != "":
		return fmt.Errorf("sandbox: %s", complaint)
	default:
		return fmt.Errorf("sandbox: %w", err)
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
