namespace Graft.Network;

/// <summary>Certificates, by the paths of their files. A file that has changed counts from the next handshake on; connections that there are stay.</summary>
/// <remarks>Files that were never readable fail each handshake with an <see cref="IOException"/>. If they were, those of before stay, and it's told.</remarks>
public sealed record TlsOptions
{
    /// <summary>Our certificate: PEM, with the chain up to the authority behind it, or PFX with its key.</summary>
    public required string CertificatePath { get; init; }

    /// <summary>The key of a PEM certificate; null if it's in the same file, or in a PFX.</summary>
    public string? KeyPath { get; init; }

    /// <summary>The password of a PFX; null if it has none.</summary>
    public string? Password { get; init; }

    /// <summary>PEM certificates of the authorities that may have signed the other side's. Null for those that the system trusts.</summary>
    public string? AuthorityPath { get; init; }

    /// <summary>Mutual TLS: who connects shows a certificate of the authority, and <see cref="IConnection.PeerNames"/> are its names.</summary>
    public bool RequiresClientCertificate { get; init; }

    /// <summary>The name that the other side's certificate has to carry; null for the host of the address.</summary>
    public string? ServerName { get; init; }
}
