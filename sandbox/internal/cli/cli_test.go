// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/cli"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

// programVariable makes the test binary be the program: so it can start itself as the supervisor.
const programVariable = "SANDBOX_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

type result struct {
	code           int
	output, errors string
}

// run runs the program in a process of its own.
func run(t *testing.T, arguments ...string) result {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var output, errors bytes.Buffer
	command := exec.Command(executable, arguments...)
	command.Env = append(os.Environ(), programVariable+"=1")
	command.Stdout, command.Stderr = &output, &errors
	err = command.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited { //nolint:errorlint // Run does not wrap it
		t.Fatal(err)
	}
	return result{code: command.ProcessState.ExitCode(), output: output.String(), errors: errors.String()}
}

func TestCalls(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	tests := map[string]struct {
		arguments []string
		code      int
		output    string
		errors    string
	}{
		"help":                  {nil, 0, "simulated", ""},
		"unknown verb":          {[]string{"start"}, 2, "", `"start"`},
		"unknown flag":          {[]string{"up", "--fast"}, 2, "", "--fast"},
		"an argument":           {[]string{"down", "now"}, 2, "", `"now"`},
		"one node":              {[]string{"up", "--state", none, "--nodes", "1"}, 2, "", "--nodes: got 1, want 2 to 200"},
		"no lifetime":           {[]string{"up", "--state", none, "--lifetime", "0s"}, 2, "", "--lifetime: got 0s"},
		"no timeout":            {[]string{"up", "--state", none, "--timeout", "-1s"}, 2, "", "--timeout: got -1s"},
		"unknown output":        {[]string{"status", "--state", none, "--output", "yaml"}, 2, "", `--output: got "yaml", want text or json`},
		"status of none":        {[]string{"status", "--state", none}, 1, "stopped: none was started", ""},
		"status of none, JSON":  {[]string{"status", "--state", none, "--output", "json"}, 1, `"state": "stopped"`, ""},
		"kubeconfig of none":    {[]string{"kubeconfig", "--state", none}, 1, "", "start it with `up`"},
		"down of none":          {[]string{"down", "--state", none}, 0, "no sandbox was running", ""},
		"nothing is built":      {[]string{"up", "--state", filepath.Join(t.TempDir(), "s"), "--programs", none}, 1, "", "make sandbox"},
		"nothing is built JSON": {[]string{"up", "--state", filepath.Join(t.TempDir(), "s"), "--programs", none, "--output", "json"}, 1, `"state": "failed"`, "make sandbox"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t, test.arguments...)
			if got.code != test.code || !strings.Contains(got.output, test.output) || !strings.Contains(got.errors, test.errors) {
				t.Errorf("got code %d, output %q, errors %q, want %d, %q, %q", got.code, got.output, got.errors, test.code, test.output, test.errors)
			}
			if test.output == "" && got.output != "" {
				t.Errorf("got output %q, want none", got.output)
			}
		})
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a wrong call or a question made the state folder")
	}
}

func TestForeignFoldersAreLeftAlone(t *testing.T) {
	folder := t.TempDir()
	precious := filepath.Join(folder, "etcd", "precious")
	if err := os.MkdirAll(filepath.Dir(precious), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(precious, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := run(t, "up", "--state", folder); got.code != 1 || !strings.Contains(got.errors, "other things in it") {
		t.Errorf("up: got %+v", got)
	}
	if got := run(t, "down", "--state", folder); got.code != 0 {
		t.Errorf("down: got %+v", got)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// A life that ends before the sandbox is ready ends the start.
func TestLifetimeBoundsTheStart(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	got := run(t, "up", "--state", folder, "--programs", fakePrograms(t, "exec sleep 300"), "--lifetime", "1s")
	if got.code != 1 || !strings.Contains(got.errors, "its lifetime of 1s ended") {
		t.Errorf("up: got %+v", got)
	}
	if status := run(t, "status", "--state", folder); status.code != 1 || !strings.Contains(status.output, "stopped: its lifetime of 1s ended") {
		t.Errorf("status: got %+v", status)
	}
}

// fakePrograms makes a folder of programs in which the control plane is a shell script.
func fakePrograms(t *testing.T, script string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"stages", "crds", "roles"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"control-plane", "kwok", "prometheus-operator", "obo-prometheus-operator", "observability-operator"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestFailedStarts(t *testing.T) {
	tests := map[string]struct {
		script string
		// timeout is one that a start which ends otherwise does not reach, and one within which a busy machine runs a script.
		timeout     string
		wantReason  string
		wantFailure state.Failure
		wantRetries int
	}{
		"a component dies": {
			"echo before; echo why >&2; exit 7",
			"3m",
			"ended by itself: exit status 7",
			state.Failure{Result: "exit status 7", LogTail: []string{"before", "why"}},
			0,
		},
		"its port is always taken": {
			"echo 'listen tcp 127.0.0.1:1: bind: address already in use'; exit 1",
			"3m",
			"ended by itself: exit status 1",
			state.Failure{Result: "exit status 1", LogTail: []string{"listen tcp 127.0.0.1:1: bind: address already in use"}},
			4,
		},
		"a component is never ready": {
			"echo waiting; exec sleep 300",
			"10s",
			"it was not ready within 10s",
			state.Failure{Component: "etcd", Result: "it did not become ready", LogTail: []string{"waiting"}},
			0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "state")
			got := run(t, "up", "--state", folder, "--programs", fakePrograms(t, test.script), "--timeout", test.timeout, "--output", "json")
			var failed state.State
			if err := json.Unmarshal([]byte(got.output), &failed); err != nil {
				t.Fatalf("got %+v: %v", got, err)
			}
			if got.code != 1 || failed.Phase != state.Failed || !strings.Contains(failed.Reason, test.wantReason) || !strings.Contains(got.errors, test.wantReason) {
				t.Errorf("got %+v, want reason %q", got, test.wantReason)
			}
			if retries := strings.Count(got.errors, "starting again with other ports"); retries != test.wantRetries {
				t.Errorf("got %d retries, want %d", retries, test.wantRetries)
			}
			if failed.Failure == nil || failed.Failure.Result != test.wantFailure.Result ||
				strings.Join(failed.Failure.LogTail, "|") != strings.Join(test.wantFailure.LogTail, "|") ||
				test.wantFailure.Component != "" && failed.Failure.Component != test.wantFailure.Component {
				t.Errorf("got failure %+v, want %+v", failed.Failure, test.wantFailure)
			}
			for _, component := range failed.Components {
				if component.Identity.Alive() {
					t.Errorf("%s is still running", component.Name)
				}
			}
			if failed.Supervisor.Alive() {
				t.Error("the supervisor is still running")
			}
			// What is known afterwards, and what is left on the disk.
			if status := run(t, "status", "--state", folder); status.code != 1 || !strings.Contains(status.output, test.wantReason) || !strings.Contains(status.output, test.wantFailure.LogTail[0]) {
				t.Errorf("status: got %+v", status)
			}
			for _, secret := range []string{"pki", "kubeconfig", "config", "etcd"} {
				if _, err := os.Stat(filepath.Join(folder, secret)); err == nil {
					t.Errorf("%s is left", secret)
				}
			}
			if down := run(t, "down", "--state", folder); down.code != 0 {
				t.Errorf("down: got %+v", down)
			}
			if _, err := os.Stat(folder); err == nil {
				t.Error("the state folder is left after down")
			}
		})
	}
}
