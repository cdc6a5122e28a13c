using Microsoft.Extensions.Hosting;

namespace Graft.Server;

/// <summary>Leaves the process's signals to whoever owns the process. The framework's would answer to them.</summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
