// SPDX-License-Identifier: Apache-2.0

package components_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/components"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

func setup(t *testing.T) components.Setup {
	t.Helper()
	folder := state.Folder(filepath.Join(t.TempDir(), "state"))
	if err := folder.Prepare(); err != nil {
		t.Fatal(err)
	}
	if err := folder.MakeFolders(); err != nil {
		t.Fatal(err)
	}
	chosen, err := components.ChoosePorts()
	if err != nil {
		t.Fatal(err)
	}
	programs := t.TempDir()
	stage := filepath.Join(programs, components.StagesFolder, "node", "ready.yaml")
	if err := os.MkdirAll(filepath.Dir(stage), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{stage, filepath.Join(filepath.Dir(stage), components.StorageClassFile)} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return components.Setup{Folder: folder, Programs: programs, Ports: chosen, NotAfter: time.Now().Add(time.Hour)}
}

func all(t *testing.T, setup components.Setup) []components.Component {
	t.Helper()
	kwok, err := setup.Kwok()
	if err != nil {
		t.Fatal(err)
	}
	return append(setup.Operators(), setup.Etcd(), setup.APIServer(), setup.ControllerManager(), setup.Scheduler(), kwok)
}

// Every address in a flag is a loopback address; the only others are ranges of addresses of the cluster.
func TestFlagsListenOnLoopbackOnly(t *testing.T) {
	address := regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+(/\d+)?\b`)
	setup := setup(t)
	ports := map[string]string{}
	for _, component := range all(t, setup) {
		listens := false
		for _, argument := range component.Args {
			for _, found := range address.FindAllString(argument, -1) {
				if found != "127.0.0.1" && !strings.Contains(found, "/") {
					t.Errorf("%s: %s: got address %s, want 127.0.0.1", component.Name, argument, found)
				}
				listens = listens || found == "127.0.0.1"
			}
			if strings.Contains(argument, "listen") || strings.Contains(argument, "bind-address=127.0.0.1:") || strings.Contains(argument, "--secure-port") || strings.Contains(argument, "--server-address") {
				port := argument[strings.LastIndexAny(argument, ":=")+1:]
				if _, err := strconv.Atoi(port); err != nil {
					t.Errorf("%s: %s: got no port", component.Name, argument)
				}
				if other, taken := ports[port]; taken {
					t.Errorf("%s and %s: got the same port", argument, other)
				}
				ports[port] = argument
			}
		}
		if !listens {
			t.Errorf("%s: got no flag with the loopback address", component.Name)
		}
	}
	if len(ports) != 9 {
		t.Errorf("got %d listening flags, want 9: %v", len(ports), ports)
	}
}

// Every file that a flag names is one that the setup has written, and only the user may read it.
func TestFlagsNameFilesThatExist(t *testing.T) {
	setup := setup(t)
	if _, err := setup.WriteCredentials(); err != nil {
		t.Fatal(err)
	}
	if err := setup.WriteConfigs(); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, component := range all(t, setup) {
		for _, setting := range slices.Concat(component.Args, component.Environment) {
			_, value, _ := strings.Cut(setting, "=")
			if !strings.HasPrefix(value, string(setup.Folder)) {
				continue
			}
			info, err := os.Stat(value)
			if err != nil {
				t.Errorf("%s: %s: %v", component.Name, setting, err)
				continue
			}
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %s: got mode %v, want nothing for others", component.Name, setting, info.Mode())
			}
			files++
		}
	}
	if files < 20 {
		t.Errorf("got %d files, want all the certificates, keys and configurations", files)
	}
}

func TestKubeconfigs(t *testing.T) {
	setup := setup(t)
	administrator, err := setup.WriteCredentials()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(setup.Folder.Kubeconfig()); err == nil {
		t.Error("the administrator's kubeconfig is there before the sandbox is ready")
	}
	read := func(name string) []byte {
		content, err := os.ReadFile(setup.Folder.Config(name + ".kubeconfig"))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	tests := map[string]struct {
		content []byte
		user    string
		groups  []string
	}{
		"administrator":           {administrator, "sandbox:administrator", []string{"system:masters"}},
		"kube-controller-manager": {read("kube-controller-manager"), "system:kube-controller-manager", nil},
		"kube-scheduler":          {read("kube-scheduler"), "system:kube-scheduler", nil},
		"kwok":                    {read("kwok"), "sandbox:kwok", []string{"system:masters"}},
		"prometheus-operator":     {read("prometheus-operator"), "sandbox:prometheus-operator", nil},
		"obo-prometheus-operator": {read("obo-prometheus-operator"), "sandbox:obo-prometheus-operator", nil},
		"observability-operator":  {read("observability-operator"), "sandbox:observability-operator", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config, err := clientcmd.RESTConfigFromKubeConfig(test.content)
			if err != nil {
				t.Fatal(err)
			}
			server, err := url.Parse(config.Host)
			if err != nil || server.Scheme != "https" || server.Hostname() != "127.0.0.1" || config.Host != setup.Server() {
				t.Errorf("server: got %q, want %q", config.Host, setup.Server())
			}
			if config.Insecure || len(config.CAData) == 0 {
				t.Error("it does not check the server's certificate")
			}
			pair, err := tls.X509KeyPair(config.CertData, config.KeyData)
			if err != nil {
				t.Fatal(err)
			}
			certificate, err := x509.ParseCertificate(pair.Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			if certificate.Subject.CommonName != test.user || !slices.Equal(certificate.Subject.Organization, test.groups) {
				t.Errorf("got user %q in %q, want %q in %q", certificate.Subject.CommonName, certificate.Subject.Organization, test.user, test.groups)
			}
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(config.CAData)
			if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
				t.Error(err)
			}
		})
	}
}

// A client certificate of the cluster must not open etcd.
func TestEtcdHasAnAuthorityOfItsOwn(t *testing.T) {
	setup := setup(t)
	if _, err := setup.WriteCredentials(); err != nil {
		t.Fatal(err)
	}
	argument := func(name string) []byte {
		for _, argument := range setup.Etcd().Args {
			if value, found := strings.CutPrefix(argument, name+"="); found {
				content, err := os.ReadFile(value)
				if err != nil {
					t.Fatal(err)
				}
				return content
			}
		}
		t.Fatalf("etcd has no %s", name)
		return nil
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(argument("--trusted-ca-file"))
	pair, err := tls.LoadX509KeyPair(setup.Folder.Secret("kubelet-client.crt"), setup.Folder.Secret("kubelet-client.key"))
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err == nil {
		t.Error("etcd trusts a client of the cluster's authority")
	}
	if !slices.Contains(setup.Etcd().Args, "--client-cert-auth=true") {
		t.Error("etcd lets in clients without a certificate")
	}
}

func TestCheckTellsWhatIsNotBuilt(t *testing.T) {
	setup := setup(t)
	if err := setup.Check(); err == nil || !strings.Contains(err.Error(), "make sandbox") || !strings.Contains(err.Error(), "control-plane") {
		t.Errorf("got %v, want an error with the missing program and how to build it", err)
	}
}

func TestEnvironmentHasNothingOfTheUsers(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://proxy.example")
	setup := setup(t)
	for _, entry := range setup.Environment() {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "HOME", "TMPDIR":
			if value != setup.Folder.Scratch() {
				t.Errorf("%s: got %s, want a folder of the sandbox", name, value)
			}
		case "PATH":
		default:
			t.Errorf("got %s", entry)
		}
	}
}

func TestReadyAsksTheComponent(t *testing.T) {
	healthy := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		if !healthy || request.URL.Path != "/healthz" {
			writer.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	setup := setup(t)
	if setup.Ports.ControllerManager, err = strconv.Atoi(address.Port()); err != nil {
		t.Fatal(err)
	}
	if err := setup.ControllerManager().Ready(context.Background()); err == nil {
		t.Error("one that is not healthy is called ready")
	}
	healthy = true
	if err := setup.ControllerManager().Ready(context.Background()); err != nil {
		t.Error(err)
	}
	setup.Ports.EtcdClient = 1 // of those that are chosen another program may have taken one since
	if err := setup.Etcd().Ready(context.Background()); err == nil {
		t.Error("an etcd that does not listen is called ready")
	}
}
