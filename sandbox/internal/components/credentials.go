// SPDX-License-Identifier: Apache-2.0

package components

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/certificates"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/ports"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

// The files in the folder of secrets.
const (
	authorityCertificate = "ca.crt"
	authorityKey         = "ca.key"
	serverCertificate    = "server.crt"
	serverKey            = "server.key"
	kubeletCertificate   = "kubelet-client.crt"
	kubeletKey           = "kubelet-client.key"
	accountPrivateKey    = "service-account.key"
	accountPublicKey     = "service-account.pub"
	proxyAuthority       = "front-proxy-ca.crt"
	proxyCertificate     = "front-proxy-client.crt"
	proxyKey             = "front-proxy-client.key"
	etcdAuthority        = "etcd-ca.crt"
	etcdCertificate      = "etcd.crt"
	etcdKey              = "etcd.key"
	etcdClientCert       = "etcd-client.crt"
	etcdClientKey        = "etcd-client.key"
)

// contextName names the cluster, the user and the context in every kubeconfig.
const contextName = "harmonyscript-sandbox"

// proxyName is who the API server is for the servers of aggregated APIs, which trust the user names that it passes on.
const proxyName = "front-proxy-client"

// administrators is the group that RBAC lets do everything.
const administrators = "system:masters"

// operatorUser is who an operator is for the API server: it gets the rights of the operator's own ClusterRole and no others, so that what
// works here does not fail on a real cluster for want of a right.
func operatorUser(name string) string { return "sandbox:" + name }

// WriteCredentials makes the authorities, keys, certificates and kubeconfigs of one start, and returns the administrator's kubeconfig, which is not written yet:
// its file appears when the sandbox is ready.
func (s Setup) WriteCredentials() (administrator []byte, err error) {
	authority, err := certificates.NewAuthority("harmonyscript-sandbox", s.NotAfter)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{authorityCertificate: authority.Certificate, authorityKey: authority.Key}
	server, err := authority.Server("harmonyscript-sandbox", ports.Loopback, "localhost",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", apiServiceAddress)
	if err != nil {
		return nil, err
	}
	files[serverCertificate], files[serverKey] = server.Certificate, server.Key
	kubelet, err := authority.Client("sandbox:api-server", administrators)
	if err != nil {
		return nil, err
	}
	files[kubeletCertificate], files[kubeletKey] = kubelet.Certificate, kubelet.Key
	if files[accountPrivateKey], files[accountPublicKey], err = certificates.NewSigningKey(); err != nil {
		return nil, err
	}
	if err := s.addEtcd(files); err != nil {
		return nil, err
	}
	if err := s.addProxy(files); err != nil {
		return nil, err
	}
	for name, content := range files {
		if err := state.WriteFile(s.Folder.Secret(name), content); err != nil {
			return nil, err
		}
	}
	for component, subject := range map[string][]string{
		controllerManagerName:     {"system:kube-controller-manager"},
		schedulerName:             {"system:kube-scheduler"},
		kwokName:                  {"sandbox:kwok", administrators},
		prometheusOperatorName:    {operatorUser(prometheusOperatorName)},
		oboPrometheusOperatorName: {operatorUser(oboPrometheusOperatorName)},
		observabilityOperatorName: {operatorUser(observabilityOperatorName)},
	} {
		content, err := s.kubeconfig(authority, subject[0], subject[1:]...)
		if err != nil {
			return nil, err
		}
		if err := state.WriteFile(s.componentKubeconfig(component), content); err != nil {
			return nil, err
		}
	}
	return s.kubeconfig(authority, "sandbox:administrator", administrators)
}

// addEtcd makes etcd's credentials. They are signed by an authority of its own: whoever got a client certificate from the cluster (by a
// CertificateSigningRequest, say) must not be able to read etcd with it.
func (s Setup) addEtcd(files map[string][]byte) error {
	authority, err := certificates.NewAuthority("harmonyscript-sandbox-etcd", s.NotAfter)
	if err != nil {
		return err
	}
	member, err := authority.Peer("etcd", ports.Loopback, "localhost")
	if err != nil {
		return err
	}
	client, err := authority.Client("kube-apiserver")
	if err != nil {
		return err
	}
	files[etcdAuthority] = authority.Certificate
	files[etcdCertificate], files[etcdKey] = member.Certificate, member.Key
	files[etcdClientCert], files[etcdClientKey] = client.Certificate, client.Key
	return nil
}

// addProxy makes the credentials of the API server's calls to aggregated APIs. Their authority is another one for the same reason: whom it signs can claim to be anybody.
func (s Setup) addProxy(files map[string][]byte) error {
	authority, err := certificates.NewAuthority("harmonyscript-sandbox-front-proxy", s.NotAfter)
	if err != nil {
		return err
	}
	client, err := authority.Client(proxyName)
	if err != nil {
		return err
	}
	files[proxyAuthority] = authority.Certificate
	files[proxyCertificate], files[proxyKey] = client.Certificate, client.Key
	return nil
}

// kubeconfig makes a kubeconfig that contains all that it needs, so that it can be copied.
func (s Setup) kubeconfig(authority *certificates.Authority, user string, groups ...string) ([]byte, error) {
	pair, err := authority.Client(user, groups...)
	if err != nil {
		return nil, err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[contextName] = &clientcmdapi.Cluster{Server: s.Server(), CertificateAuthorityData: authority.Certificate}
	config.AuthInfos[contextName] = &clientcmdapi.AuthInfo{ClientCertificateData: pair.Certificate, ClientKeyData: pair.Key}
	config.Contexts[contextName] = &clientcmdapi.Context{Cluster: contextName, AuthInfo: contextName}
	config.CurrentContext = contextName
	content, err := clientcmd.Write(*config)
	if err != nil {
		return nil, fmt.Errorf("sandbox: encode the kubeconfig of %s: %w", user, err)
	}
	return content, nil
}

func (s Setup) componentKubeconfig(component string) string {
	return s.Folder.Config(component + ".kubeconfig")
}
