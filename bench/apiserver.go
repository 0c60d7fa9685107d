// SPDX-License-Identifier: Apache-2.0

// This file starts the control plane that is measured against, and asks it what it was asked.

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// apiServer is a sandbox of the benchmark's own.
type apiServer struct {
	kubeconfig string
	client     *kubernetes.Clientset
	stop       func()
}

// startSandbox starts a sandbox; its stop ends it and removes its state.
func startSandbox(ctx context.Context, s settings) (*apiServer, error) {
	state, err := os.MkdirTemp("", "harmonyscript-bench-sandbox-")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(filepath.Dir(s.program), "harmonyscript-sandbox")
	up := exec.CommandContext(ctx, program, "up", "--state", state, "--lifetime", "2h", "--timeout", "10m", "--output", "json")
	up.Stderr = os.Stderr
	output, err := up.Output()
	a := &apiServer{stop: func() {
		// The context may have ended; the sandbox must go all the same.
		if err := exec.Command(program, "down", "--state", state).Run(); err != nil {
			fmt.Fprintln(os.Stderr, "sandbox down:", err)
		}
		_ = os.RemoveAll(state)
	}}
	if err != nil {
		a.stop()
		return nil, fmt.Errorf("sandbox up: %w", err)
	}
	if err := a.connect(output); err != nil {
		a.stop()
		return nil, fmt.Errorf("sandbox up: %w", err)
	}
	return a, nil
}

func (a *apiServer) connect(info []byte) error {
	var up struct {
		Kubeconfig string `json:"kubeconfig"`
	}
	if err := json.Unmarshal(info, &up); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", up.Kubeconfig)
	if err != nil {
		return err
	}
	a.kubeconfig = up.Kubeconfig
	a.client, err = kubernetes.NewForConfig(config)
	return err
}

// requests are counts by verb.
type requests map[string]int

var (
	requestTotal = regexp.MustCompile(`^apiserver_request_total\{(.*)\} (\S+)$`)
	metricLabel  = regexp.MustCompile(`(\w+)="([^"]*)"`)
	// measured are the resources of the workload. What controllers do with others all the time is left out; what they do
	// with these, a default ServiceAccount for each new namespace for one, cannot be told apart.
	measured = []string{
		"namespaces", "secrets", "serviceaccounts", "roles", "rolebindings", "resourcequotas", "networkpolicies",
		"alertmanagerconfigs", "prometheusrules", "servicemonitors", "customresourcedefinitions",
	}
)

// requests returns how often the API server was asked since it started, by its own verbs. Those that only controllers use
// (watches, subresources) are left out.
func (a *apiServer) requests(ctx context.Context) (requests, error) {
	text, err := a.client.RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("metrics of the API server: %w", err)
	}
	total := requests{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		found := requestTotal.FindStringSubmatch(lines.Text())
		if found == nil {
			continue
		}
		labels := map[string]string{}
		for _, l := range metricLabel.FindAllStringSubmatch(found[1], -1) {
			labels[l[1]] = l[2]
		}
		count, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			return nil, fmt.Errorf("metrics of the API server: %w", err)
		}
		if slices.Contains(measured, labels["resource"]) && labels["subresource"] == "" && labels["verb"] != "WATCH" {
			total[labels["verb"]] += int(count)
		}
	}
	return total, lines.Err()
}

// since returns what came between earlier and r.
func (r requests) since(earlier requests) requests {
	difference := requests{}
	for verb, count := range r {
		if more := count - earlier[verb]; more > 0 {
			difference[verb] = more
		}
	}
	return difference
}

// String returns "APPLY 100, GET 3".
func (r requests) String() string {
	var parts []string
	for verb, count := range r {
		parts = append(parts, fmt.Sprintf("%s %d", verb, count))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

const (
	quietWithin = time.Minute
	quietPoll   = 500 * time.Millisecond
	// quietRate is how many requests per poll controllers may still send: they pace themselves far below what is measured.
	quietRate = 15
)

// settle waits until controllers have worked off most of what was applied before, so that nobody pays for the one before.
func (a *apiServer) settle(ctx context.Context) error {
	var last requests
	for deadline := time.Now().Add(quietWithin); time.Now().Before(deadline); {
		now, err := a.requests(ctx)
		if err != nil {
			return err
		}
		busy := 0
		for _, count := range now.since(last) {
			busy += count
		}
		if last != nil && busy <= quietRate {
			return nil
		}
		last = now
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(quietPoll):
		}
	}
	return nil
}
