namespace Graft.Sqlite;

/// <summary>Tells an error that follows from statement and state, and is the same on every node, from one that befell this node (docs/internals/sqlite.md, section 8).</summary>
/// <remarks>
/// Taken for a result, an error of this node's disk would be the beginning of another history. Taken for a failure of the node, one that a client can
/// bring about would end the cluster.
/// </remarks>
internal static class ErrorClass
{
    /// <summary>Whether it is a result.</summary>
    /// <param name="code">SQLite's extended code.</param>
    /// <param name="fileFailed">A call to a file has failed meanwhile: a virtual table may say of it what it likes.</param>
    internal static bool IsResult(int code, bool fileFailed) => !fileFailed && (code == ResultCode.CorruptVirtualTable || ResultCode.Primary(code)
        is ResultCode.Error or ResultCode.Constraint or ResultCode.Mismatch or ResultCode.TooBig or ResultCode.Range
        or ResultCode.Authorization or ResultCode.Abort or ResultCode.Locked

        // AUTOINCREMENT that is used up says the same as a disk that is full.
        or ResultCode.Full);
}
