// SPDX-License-Identifier: Apache-2.0

// This file measures the peers that are found on the PATH, on the same workload and the same API server.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// peer is another program that applies the workload.
type peer struct {
	program string
	// steps are what it does, in order, with the folder of the workload; each is measured.
	steps []peerStep
}

type peerStep struct {
	what      string
	arguments []string
	// differs is the exit code that says that there are differences, which is no failure.
	differs int
}

// peers returns how those that we know are called. name is that of the workload, folder has it as files.
func peers(name, folder string) []peer {
	files, chart := filepath.Join(folder, "files"), filepath.Join(folder, "chart")
	applyFiles := []string{"apply", "--server-side", "-f", files}
	deployFiles := []string{"deploy", "--yes", "--app", name, "--file", files, "--wait=false"}
	return []peer{
		{"kubectl", []peerStep{
			{"apply --server-side", applyFiles, 0},
			{"apply --server-side again, no change", applyFiles, 0},
			{"diff --server-side, no change", []string{"diff", "--server-side", "-f", files}, 1},
		}},
		{"kapp", []peerStep{
			{"deploy", deployFiles, 0},
			{"deploy again, no change", deployFiles, 0},
		}},
		{"helm", []peerStep{
			{"install", []string{"install", name, chart, "--namespace", "default"}, 0},
			{"upgrade, no change", []string{"upgrade", name, chart, "--namespace", "default"}, 0},
		}},
	}
}

// measurePeers measures every peer once: they take minutes, and their distance is not a matter of a few percent.
func (b *applyBench) measurePeers(ctx context.Context, tenants int, limit measurement) error {
	for _, p := range peers("", "") {
		name := fmt.Sprintf("%s-%d", p.program, tenants)
		program, err := exec.LookPath(p.program)
		if err != nil {
			b.report.peers = append(b.report.peers, peerReport{tenants: tenants, name: p.program, note: "not on the PATH"})
			continue
		}
		if err := b.measurePeer(ctx, program, p.program, name, tenants, limit); err != nil {
			if ctx.Err() != nil {
				return err
			}
			// A peer that does not work here is no reason to lose what was measured.
			b.report.peers = append(b.report.peers, peerReport{tenants: tenants, name: p.program, note: err.Error()})
		}
	}
	return nil
}

func (b *applyBench) measurePeer(ctx context.Context, program, called, name string, tenants int, limit measurement) error {
	folder, err := os.MkdirTemp("", "harmonyscript-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := writeWorkload(ctx, folder, name, tenants); err != nil {
		return err
	}
	for _, p := range peers(name, folder) {
		if p.program != called {
			continue
		}
		for _, step := range p.steps {
			command := exec.CommandContext(ctx, program, step.arguments...)
			command.Env = append(os.Environ(), "KUBECONFIG="+b.server.kubeconfig)
			m, err := b.watchPeer(ctx, command, step.differs)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s %s: %s\n", called, step.what, round(m.wall))
			b.report.peers = append(b.report.peers, peerReport{tenants: tenants, name: called + " " + step.what, measurement: m, limit: limit.wall})
		}
	}
	return nil
}

func (b *applyBench) watchPeer(ctx context.Context, command *exec.Cmd, differs int) (measurement, error) {
	m, _, err := b.watch(ctx, command)
	var exit *exec.ExitError
	if differs != 0 && errors.As(err, &exit) && exit.ExitCode() == differs {
		return m, fmt.Errorf("%w: it found differences where there are none", err)
	}
	return m, err
}

// writeWorkload writes the workload as files, one for each tenant, and as a chart.
func writeWorkload(ctx context.Context, folder, name string, tenants int) error {
	objects, err := workload(name, tenants, false)
	if err != nil {
		return err
	}
	manifests, err := withSecrets(ctx, objects)
	if err != nil {
		return err
	}
	files, templates := filepath.Join(folder, "files"), filepath.Join(folder, "chart", "templates")
	for _, path := range []string{files, templates} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
	}
	metadata := fmt.Sprintf("apiVersion: v2\nname: %s\nversion: 0.1.0\n", name)
	if err := os.WriteFile(filepath.Join(folder, "chart", "Chart.yaml"), []byte(metadata), 0o600); err != nil {
		return err
	}
	for tenant := range tenants {
		var content bytes.Buffer
		for _, manifest := range manifests[tenant*perTenant : (tenant+1)*perTenant] {
			// JSON is YAML.
			content.WriteString("---\n")
			content.Write(manifest)
			content.WriteByte('\n')
		}
		file := fmt.Sprintf("tenant-%04d.yaml", tenant)
		if err := os.WriteFile(filepath.Join(files, file), content.Bytes(), 0o600); err != nil {
			return err
		}
		// A chart is a template: what looks like one to Helm is Alertmanager's.
		escaped := bytes.ReplaceAll(content.Bytes(), []byte("{{"), []byte("{{ `{{` }}"))
		if err := os.WriteFile(filepath.Join(templates, file), escaped, 0o600); err != nil {
			return err
		}
	}
	return nil
}
