using System.Buffers;

namespace Graft.Sqlite;

/// <summary>A captured state: a reader that sees it, copied page by page when it's wanted.</summary>
internal sealed class SqliteImage(Reader reader, ConnectionFactory factory, Generations files) : IStateImage
{
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
    public ValueTask WriteAsync(Stream image, CancellationToken cancellation) => WriteAsync(image, static _ => { }, cancellation);

    /// <summary>Writes it, changed.</summary>
    /// <param name="image">Where to.</param>
    /// <param name="change">Changes the copy, which is nobody else's.</param>
    /// <param name="cancellation">It isn't wanted any more.</param>
    internal async ValueTask WriteAsync(Stream image, Action<SqliteConnection> change, CancellationToken cancellation)
    {
        Reader open = _reader ?? throw new ObjectDisposedException(nameof(SqliteImage));
        string copy = files.NewImage();
        try
        {
            await open.Worker.RunAsync(() =>
            {
                using SqliteConnection target = factory.OpenCopy(copy);
                DatabaseCopy.Copy(open.Connection, target, cancellation);
                change(target);
            });

            // The copy is all that is needed. Whoever takes it slowly would hold back the WAL with the reader's snapshot.
            Dispose();
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
}
