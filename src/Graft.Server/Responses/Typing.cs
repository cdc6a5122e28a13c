namespace Graft.Server;

/// <summary>How values become JSON.</summary>
internal enum Typing
{
    /// <summary>As rqlite does, blobs as base64.</summary>
    Dialect,

    /// <summary>As rqlite does, blobs as arrays of numbers.</summary>
    BlobArray,

    /// <summary>So that every parser of JSON, JavaScript's included, can give back the value that SQLite holds: <see cref="TaggedValue"/>.</summary>
    Lossless,
}
