namespace Graft.Sqlite;

/// <summary>Copies a database page by page into a file.</summary>
internal static class DatabaseCopy
{
    private const int PagesPerStep = 256;

    /// <summary>Copies what a reader sees.</summary>
    /// <param name="source">With its transaction held, commits beside it don't begin the copy anew (docs/internals/sqlite.md, section 10).</param>
    /// <param name="target">A file of its own, empty.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    /// <exception cref="SqliteException">It couldn't be copied.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static unsafe void Copy(SqliteConnection source, SqliteConnection target, CancellationToken cancellation)
    {
        target.Execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
        SqliteLibrary library = source.Library;
        nint backup;
        fixed (byte* main = "main\0"u8)
        {
            backup = library.BackupInit(target.Handle, main, source.Handle, main);
        }

        if (backup == 0)
        {
            throw target.Failed(library.ExtendedErrorCode(target.Handle));
        }

        int code;
        do
        {
            code = cancellation.IsCancellationRequested ? ResultCode.Interrupt : library.BackupStep(backup, PagesPerStep);
        }
        while (code == ResultCode.Ok);
        library.BackupFinish(backup);
        cancellation.ThrowIfCancellationRequested();
        if (code != ResultCode.Done)
        {
            throw new SqliteException(code, $"The database couldn't be copied: {SqliteLibrary.Text(library.ErrorText(code))}.");
        }
    }
}
