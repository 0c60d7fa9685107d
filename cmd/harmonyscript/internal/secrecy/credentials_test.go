// SPDX-License-Identifier: Apache-2.0

// This file gives the program credentials for clusters, proxies and charts that are wrong in every way.

package secrecy

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// kubeconfigs are wrong ones, by what is wrong: the cluster's and the user's settings.
func kubeconfigs() map[string][2]string {
	encoded := base64.StdEncoding.EncodeToString([]byte("nEEdleQ7nEEdleQ7"))
	return map[string][2]string{
		"syntax":           {"", "token: [nEEdleQ7word"},
		"type":             {"", "token: {nEEdleQ7word: nEEdleQ7word}"},
		"unquoted":         {"", "token: nEEdleQ7: nEEdleQ7"},
		"base64":           {"", "client-key-data: nEEdleQ7!"},
		"key":              {"", "client-key-data: " + encoded + "\n    client-certificate-data: " + encoded},
		"authority":        {"certificate-authority-data: " + encoded, ""},
		"two ways":         {"", "token: nEEdleQ7word\n    username: me\n    password: nEEdleQ7word"},
		"password":         {"", "username: me\n    password: nEEdleQ7word"},
		"header":           {"", "token: \"nEEdleQ7\\nword\""},
		"proxy":            {"proxy-url: http://user:nEEdleQ7pass@127.0.0.1:1", ""},
		"proxy's address":  {"proxy-url: \"http://user:nEEdleQ7pass@[::1\"", ""},
		"proxy's protocol": {"proxy-url: \"gopher://user:nEEdleQ7pass@127.0.0.1:1\"", ""},
		"server":           {"server: https://user:nEEdleQ7pass@127.0.0.1:1", ""},
		"server's address": {"server: \"https://user:nEEdleQ7pass@[::1\"", ""},
		"command":          {"", "exec: {apiVersion: client.authentication.k8s.io/v1, command: echo, args: [nEEdleQ7word], interactiveMode: Never}"},
		"command's JSON":   {"", "exec: {apiVersion: client.authentication.k8s.io/v1, command: echo, args: ['{\"status\": {\"token\": \"nEEdleQ7word\"'], interactiveMode: Never}"},
	}
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "secrets.star", secretsScript)
	for what, settings := range kubeconfigs() {
		cluster := settings[0]
		if !strings.Contains(cluster, "server:") {
			cluster = "server: https://127.0.0.1:1\n    " + cluster
		}
		name := strings.NewReplacer(" ", "-", "'", "").Replace(what) + ".kubeconfig"
		w.input(name, fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster:\n    %s\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nusers:\n- name: u\n  user:\n    %s\n", cluster, settings[1]))
		for _, output := range []string{"text", "json"} {
			r := w.run("plan", "--output", output, "--kubeconfig", name, "secrets.star")
			if r.code != 1 {
				t.Errorf("%s: want exit code 1, got %s", what, r)
			}
		}
		w.run("status", "--kubeconfig", name, "--context", "other", "secrets.star")
		w.run("plan", "--kubeconfig", name, "--context", "c", "--context", "d", "secrets.star")
	}
	w.searchFiles()
}

func TestWrongProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "secrets.star", secretsScript)
	w.write("kubeconfig", "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: 'https://cluster.example.invalid'}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: nEEdleQ7word}}]\n")
	w.inputs = append(w.inputs, filepath.Join(w.folder, "kubeconfig"))
	for _, proxy := range []string{"http://user:nEEdleQ7pass@127.0.0.1:1", "http://user:nEEdleQ7pass@[::1", "nope://user:nEEdleQ7pass@127.0.0.1:1"} {
		w.more = []string{"HTTPS_PROXY=" + proxy}
		for _, output := range []string{"text", "json"} {
			w.mustRun(1, []string{"status", "--output", output, "--kubeconfig", "kubeconfig", "secrets.star"})
		}
		w.mustRun(1, []string{"render", "--set", "version=V1_HELM", "--helm-chart", "https://charts.example.invalid/charts/kube-prometheus-stack@1.0.0", "secrets.star"})
	}
}

func TestWrongCharts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "secrets.star", secretsScript)
	helm := filepath.Join(w.home, ".config", "helm", "registry")
	if err := os.MkdirAll(helm, 0o700); err != nil {
		t.Fatal(err)
	}
	w.more = []string{"XDG_CONFIG_HOME=" + filepath.Join(w.home, ".config")}
	failed := func(r result) {
		if r.code != 1 && r.code != 2 {
			t.Errorf("want a run that fails, got %s", r)
		}
	}
	for _, text := range []string{`{"auths": {"127.0.0.1:1": {"auth": "nEEdleQ7`, `{"auths": {"127.0.0.1:1": {"auth": "nEEdleQ7word"}}}`, `{"auths": {"127.0.0.1:1": {"username": "me", "password": "nEEdleQ7word"}}}`} {
		path := filepath.Join(helm, "config.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.inputs = append(w.inputs, path)
		for _, chart := range []string{
			"oci://127.0.0.1:1/charts/stack:1.0.0", "https://127.0.0.1:1/charts/stack@1.0.0", "https://user:nEEdleQ7pass@127.0.0.1:1/charts/stack@1.0.0", "oci://user:nEEdleQ7pass@127.0.0.1:1/charts/stack:1.0.0",
			"https://user:nEEdleQ7pass@127.0.0.1:1/charts/stack", "gopher://user:nEEdleQ7pass@127.0.0.1:1/charts/stack@1.0.0",
		} {
			for _, output := range []string{"text", "json"} {
				w.more = w.more[:1]
				failed(w.run("render", "--output", output, "--set", "version=V1_HELM", "--helm-chart", chart, "secrets.star"))
				w.more = append(w.more, "HARMONYSCRIPT_HELM_CHART="+chart)
				failed(w.run("render", "--output", output, "--set", "version=V1_HELM", "secrets.star"))
			}
		}
	}
	w.searchFiles()
}
