namespace Graft.Sqlite;

/// <summary>These bytes are no command, query or answer of this format: damaged, cut off, or of a version that this program doesn't know.</summary>
public sealed class SqlFormatException : Exception
{
    /// <summary>Bytes that can't be read.</summary>
    /// <param name="message">What was expected, and what is there.</param>
    public SqlFormatException(string message)
        : base(message)
    {
    }

    internal SqlFormatException(string message, bool isUnknown)
        : base(message) => IsUnknown = isUnknown;

    /// <summary>A version or a kind that this program doesn't know: another one may, so nothing follows about the bytes.</summary>
    public bool IsUnknown { get; }
}
