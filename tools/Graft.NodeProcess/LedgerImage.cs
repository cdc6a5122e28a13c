namespace Graft.NodeProcess;

/// <summary>A captured ledger: its bytes, small enough to be made at once.</summary>
internal sealed class LedgerImage(byte[] bytes) : IStateImage
{
    public async ValueTask WriteAsync(Stream image, CancellationToken cancellation) => await image.WriteAsync(bytes, cancellation);

    public void Dispose()
    {
    }
}
