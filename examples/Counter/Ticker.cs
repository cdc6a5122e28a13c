using Graft;
using Microsoft.Extensions.Hosting;

/// <summary>Uses the counter: adds one each second, whoever leads, and says what came of it.</summary>
internal sealed class Ticker(RaftNode<Counter, Add, long> counter) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await second.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                Console.WriteLine($"total {await counter.ProposeAsync(new Add(1), stoppingToken)}");
            }
            catch (GraftException failure)
            {
                Console.WriteLine(failure.Message);
            }
        }
    }
}
