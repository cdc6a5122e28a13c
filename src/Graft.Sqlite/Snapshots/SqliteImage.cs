using System.Buffers;

namespace Graft.Sqlite;

/// <summary>A captured state: a reader that sees it, copied page by page when it's wanted.</summary>
internal sealed class SqliteImage(Reader reader, ConnectionFactory factory, Generations files) : IStateImage
{
    private const int PagesPerStep = 256;
    private const int CopyBytes = 1024 * 1024;

    private Reader? _reader = reader;

    public void Dispose()
    {
        Reader? open = _reader;
        _reader = null;
        if (open is not null)
        {
            open.End();
            open.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(Stream image, CancellationToken cancellation)
    {
        Reader open = _reader ?? throw new ObjectDisposedException(nameof(SqliteImage));
        string copy = files.NewImage();
        try
        {
            Copy(open.Connection, copy, cancellation);
            using var file = new FileStream(copy, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
            try
            {
                int count;
                while ((count = Read(file, buffer)) > 0)
                {
                    await image.WriteAsync(buffer.AsMemory(0, count), cancellation);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        finally
        {
            files.Delete(copy);
        }
    }

    // On the thread that writes the snapshot, which may be kept busy: the file's asynchronous calls would leave it.
    private static int Read(FileStream file, byte[] buffer) => file.Read(buffer, 0, CopyBytes);

    // With the reader's transaction held, commits beside it don't begin the copy anew (docs/internals/sqlite.md, section 10).
    private unsafe void Copy(SqliteConnection source, string path, CancellationToken cancellation)
    {
        using SqliteConnection target = factory.OpenCopy(path);
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
