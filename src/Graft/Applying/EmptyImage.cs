namespace Graft;

/// <summary>What a witness has to write down: nothing. Its snapshot lets go of the log, and is never sent to anybody.</summary>
internal sealed class EmptyImage : IStateImage
{
    internal static EmptyImage Instance { get; } = new();

    public ValueTask WriteAsync(Stream image, CancellationToken cancellation) => default;

    public void Dispose()
    {
    }
}
