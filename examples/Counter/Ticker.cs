using Graft;
using Microsoft.Extensions.Hosting;

/// <summary>Uses the counter: adds one a few times, whoever leads, and says what came of it.</summary>
internal sealed class Ticker(RaftNode<Counter, Add, long> counter, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (int i = 0; i < 3; i++)
        {
            Console.WriteLine($"total {await counter.ProposeAsync(new Add(1), stoppingToken)}");
        }

        lifetime.StopApplication();
    }
}
