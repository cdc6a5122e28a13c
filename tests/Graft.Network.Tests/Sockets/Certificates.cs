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
        using X509Certificate2 signed = Sign(key, name, names: null);
        File.WriteAllText(PathOf(file), signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>One whose names are what these bytes say, if anything.</summary>
    internal void WriteWithNames(string file, byte[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 signed = Sign(key, file, names);
        File.WriteAllText(PathOf(file), signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>The same as a PFX, with its key or without.</summary>
    internal void WritePacked(string file, string name, bool hasKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 signed = Sign(key, name, names: null);
        using X509Certificate2 whole = signed.CopyWithPrivateKey(key);
        File.WriteAllBytes(PathOf(file), (hasKey ? whole : signed).Export(X509ContentType.Pkcs12));
    }

    private X509Certificate2 Sign(ECDsa key, string name, byte[]? names)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var usual = new SubjectAlternativeNameBuilder();
        usual.AddDnsName(name);
        usual.AddDnsName("localhost");
        usual.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names is null ? usual.Build() : new X509Extension("2.5.29.17", names, critical: false));
        return request.Create(_authority, From, From.AddYears(1), [++_serial]);
    }
}
