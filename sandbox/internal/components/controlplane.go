// SPDX-License-Identifier: Apache-2.0

// This file describes the control plane: etcd, kube-apiserver, kube-controller-manager and kube-scheduler.

package components

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/ports"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

const (
	controlPlaneProgram = "control-plane"

	controllerManagerName = "kube-controller-manager"
	schedulerName         = "kube-scheduler"

	serviceRange      = "10.96.0.0/12"
	apiServiceAddress = "10.96.0.1"
)

// Etcd is the store. It does not wait for the disk: its data does not have to survive the sandbox.
func (s Setup) Etcd() Component {
	client, peer := "https://"+ports.Address(s.Ports.EtcdClient), "https://"+ports.Address(s.Ports.EtcdPeer)
	return Component{
		Name: "etcd", Program: controlPlaneProgram,
		Args: []string{
			"etcd",
			"--name=sandbox",
			"--data-dir=" + s.Folder.Data(),
			"--unsafe-no-fsync=true",
			"--log-level=warn",
			"--listen-client-urls=" + client,
			"--advertise-client-urls=" + client,
			"--listen-peer-urls=" + peer,
			"--initial-advertise-peer-urls=" + peer,
			"--initial-cluster=sandbox=" + peer,
			"--client-cert-auth=true",
			"--trusted-ca-file=" + s.Folder.Secret(etcdAuthority),
			"--cert-file=" + s.Folder.Secret(etcdCertificate),
			"--key-file=" + s.Folder.Secret(etcdKey),
			"--peer-client-cert-auth=true",
			"--peer-trusted-ca-file=" + s.Folder.Secret(etcdAuthority),
			"--peer-cert-file=" + s.Folder.Secret(etcdCertificate),
			"--peer-key-file=" + s.Folder.Secret(etcdKey),
			// Benchmarks with tens of thousands of objects fit; the default of 2 GiB does not.
			"--quota-backend-bytes=" + strconv.Itoa(8<<30),
		},
		// The API server retries by itself, so that an open port is enough here.
		Ready: func(ctx context.Context) error { return dial(ctx, s.Ports.EtcdClient) },
		Grace: 2 * time.Second,
	}
}

// APIServer is kube-apiserver. It is the one that the user talks to.
func (s Setup) APIServer() Component {
	return Component{
		Name: "kube-apiserver", Program: controlPlaneProgram,
		Args: []string{
			"kube-apiserver",
			"--bind-address=" + ports.Loopback,
			"--advertise-address=" + ports.Loopback,
			"--secure-port=" + strconv.Itoa(s.Ports.APIServer),
			"--tls-cert-file=" + s.Folder.Secret(serverCertificate),
			"--tls-private-key-file=" + s.Folder.Secret(serverKey),
			"--client-ca-file=" + s.Folder.Secret(authorityCertificate),
			"--anonymous-auth=false",
			"--authorization-mode=Node,RBAC",
			"--etcd-servers=https://" + ports.Address(s.Ports.EtcdClient),
			"--etcd-cafile=" + s.Folder.Secret(etcdAuthority),
			"--etcd-certfile=" + s.Folder.Secret(etcdClientCert),
			"--etcd-keyfile=" + s.Folder.Secret(etcdClientKey),
			"--etcd-count-metric-poll-period=0",
			"--etcd-db-metric-poll-interval=0",
			"--requestheader-client-ca-file=" + s.Folder.Secret(proxyAuthority),
			"--requestheader-allowed-names=" + proxyName,
			"--requestheader-username-headers=X-Remote-User",
			"--requestheader-group-headers=X-Remote-Group",
			"--requestheader-extra-headers-prefix=X-Remote-Extra-",
			"--proxy-client-cert-file=" + s.Folder.Secret(proxyCertificate),
			"--proxy-client-key-file=" + s.Folder.Secret(proxyKey),
			"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
			"--service-account-key-file=" + s.Folder.Secret(accountPublicKey),
			"--service-account-signing-key-file=" + s.Folder.Secret(accountPrivateKey),
			"--service-cluster-ip-range=" + serviceRange,
			"--allow-privileged=true",
			// An Endpoints object cannot hold a loopback address, and no pod runs that could use it.
			"--endpoint-reconciler-type=none",
			// The nodes' external address is the loopback address of KWOK, which plays their kubelets.
			"--kubelet-preferred-address-types=ExternalIP",
			"--kubelet-client-certificate=" + s.Folder.Secret(kubeletCertificate),
			"--kubelet-client-key=" + s.Folder.Secret(kubeletKey),
			"--profiling=false",
		},
		Ready: func(ctx context.Context) error { return dial(ctx, s.Ports.APIServer) },
		Grace: 3 * time.Second,
	}
}

// ControllerManager is kube-controller-manager with all of its default controllers: service accounts and their tokens, namespaces, quotas, garbage collection, StatefulSets and so on.
func (s Setup) ControllerManager() Component {
	kubeconfig := s.componentKubeconfig(controllerManagerName)
	return Component{
		Name: controllerManagerName, Program: controlPlaneProgram,
		Args: []string{
			"kube-controller-manager",
			"--kubeconfig=" + kubeconfig,
			"--authentication-kubeconfig=" + kubeconfig,
			"--authorization-kubeconfig=" + kubeconfig,
			"--bind-address=" + ports.Loopback,
			"--secure-port=" + strconv.Itoa(s.Ports.ControllerManager),
			"--tls-cert-file=" + s.Folder.Secret(serverCertificate),
			"--tls-private-key-file=" + s.Folder.Secret(serverKey),
			"--client-ca-file=" + s.Folder.Secret(authorityCertificate),
			"--root-ca-file=" + s.Folder.Secret(authorityCertificate),
			"--cluster-signing-cert-file=" + s.Folder.Secret(authorityCertificate),
			"--cluster-signing-key-file=" + s.Folder.Secret(authorityKey),
			"--service-account-private-key-file=" + s.Folder.Secret(accountPrivateKey),
			"--use-service-account-credentials=true",
			"--service-cluster-ip-range=" + serviceRange,
			// It is alone, and on a busy machine an elected leader that cannot renew in time ends itself.
			"--leader-elect=false",
			// On a busy machine the simulated nodes' heartbeats come late; their pods must not be evicted for that.
			"--node-monitor-grace-period=10m",
			// The defaults keep a shared production API server safe; here they would only make thousands of tenants slow.
			"--kube-api-qps=500", "--kube-api-burst=1000",
			"--concurrent-namespace-syncs=20",
			"--profiling=false",
		},
		Ready: s.health(s.Ports.ControllerManager, "/healthz"),
		Grace: 2 * time.Second,
	}
}

// Scheduler is kube-scheduler.
func (s Setup) Scheduler() Component {
	kubeconfig := s.componentKubeconfig(schedulerName)
	return Component{
		Name: schedulerName, Program: controlPlaneProgram,
		Args: []string{
			"kube-scheduler",
			"--config=" + s.schedulerConfig(),
			"--authentication-kubeconfig=" + kubeconfig,
			"--authorization-kubeconfig=" + kubeconfig,
			"--bind-address=" + ports.Loopback,
			"--secure-port=" + strconv.Itoa(s.Ports.Scheduler),
			"--tls-cert-file=" + s.Folder.Secret(serverCertificate),
			"--tls-private-key-file=" + s.Folder.Secret(serverKey),
			"--client-ca-file=" + s.Folder.Secret(authorityCertificate),
		},
		// Unlike its health, its readiness means that it knows all nodes and pods.
		Ready: s.health(s.Ports.Scheduler, "/readyz"),
		Grace: 2 * time.Second,
	}
}

func (s Setup) schedulerConfig() string { return s.Folder.Config("kube-scheduler.yaml") }

// writeSchedulerConfig raises the scheduler's request rate, which flags cannot do.
func (s Setup) writeSchedulerConfig() error {
	return state.WriteFile(s.schedulerConfig(), fmt.Appendf(nil, `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection:
  kubeconfig: %q
  qps: 500
  burst: 1000
leaderElection:
  leaderElect: false
enableProfiling: false
`, s.componentKubeconfig(schedulerName)))
}

// health asks a server with the sandbox's serving certificate for its health, which they tell anybody.
func (s Setup) health(port int, path string) func(ctx context.Context) error {
	// The server's identity does not matter for a health check of one's own child on loopback, and checking it would need the authority's file here.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true} //nolint:gosec // see above
	return func(ctx context.Context) error {
		return get(ctx, &http.Client{Transport: transport}, "https://"+ports.Address(port)+path)
	}
}

func dial(ctx context.Context, port int) error {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp4", ports.Address(port))
	if err != nil {
		return err
	}
	return connection.Close()
}

func get(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: got %s, want 200", url, response.Status)
	}
	return nil
}
