using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Graft.Network.Tests.Sockets;

/// <summary>An authority of its own for a test, and certificates that it signs, as files.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("graft-tls-").FullName;
    private readonly X509Certificate2 _authority;
    private byte _serial;

    internal Certificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _authority = request.CreateSelfSigned(From, From.AddYears(10));
        File.WriteAllText(AuthorityPath, _authority.ExportCertificatePem());
    }

    internal string AuthorityPath => Path.Combine(_directory, "authority.pem");

    private static DateTimeOffset From => DateTimeOffset.UtcNow.AddDays(-1);

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Mutual TLS by a certificate for this name.</summary>
    internal TlsOptions For(string name)
    {
        Write(name, name);
        return new TlsOptions
        {
            CertificatePath = PathOf(name), AuthorityPath = AuthorityPath, RequiresClientCertificate = true, ServerName = "localhost",
        };
    }

    internal string PathOf(string file) => Path.Combine(_directory, $"{file}.pem");

    /// <summary>Signs a certificate and puts it and its key into a file.</summary>
    internal void Write(string file, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 signed = request.Create(_authority, From, From.AddYears(1), [++_serial]);
        File.WriteAllText(PathOf(file), signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}
